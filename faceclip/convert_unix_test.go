//go:build unix

package faceclip

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestConvertPipes puts a pipe, which nobody ever writes to, in the place of each file that Convert reads: it does not wait.
func TestConvertPipes(t *testing.T) {
	for _, name := range []string{
		".new.lock", ".new.partial/.conversion.json", ".new.partial/SHA256SUMS", "model/model_index.json", "model/unet/config.json",
		"model/tokenizer/vocab.json", "model/README.md", "model/vae/diffusion_pytorch_model.safetensors",
	} {
		dir := copyMini(t)
		root := filepath.Dir(dir)
		to, pipe := filepath.Join(root, "new"), filepath.Join(root, strings.Replace(name, "model/", filepath.Base(dir)+"/", 1))
		if strings.HasSuffix(name, "SHA256SUMS") { // of an interrupted conversion
			ctx, cancel := context.WithCancel(context.Background())
			Convert(ctx, dir, to, &ConvertOptions{Progress: func(done, total int64) { cancel() }})
			cancel()
		}
		os.Remove(pipe)
		must(t, os.MkdirAll(filepath.Dir(pipe), 0o755))
		must(t, unix.Mkfifo(pipe, 0o600))
		failed := make(chan error, 1)
		go func() { failed <- Convert(context.Background(), dir, to, nil) }()
		select {
		case err := <-failed:
			if harmless := name == "model/README.md"; (err == nil) != harmless || err != nil && !strings.Contains(err.Error(), filepath.Base(filepath.Dir(pipe))) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: waits", name)
		}
	}
}
