//go:build unix

package safetensors

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPipe checks that a pipe in a file's place is an error rather than an endless wait.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "model.safetensors")
	if err := errors.Join(unix.Mkfifo(pipe, 0o600), unix.Mkfifo(pipe+".index.json", 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*Checkpoint, error){
		"file":  func() (*Checkpoint, error) { return Open(DirOf(dir), "model.safetensors") },
		"index": func() (*Checkpoint, error) { return OpenIndex(DirOf(dir), "model.safetensors.index.json") },
	} {
		failed := make(chan error, 1)
		go func() {
			_, err := open()
			failed <- err
		}()
		select {
		case err := <-failed:
			if err == nil || !strings.Contains(err.Error(), pipe) || !strings.Contains(err.Error(), "not a regular file") {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: waits", name)
		}
	}
}
