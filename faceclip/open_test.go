package faceclip

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/mini"
	"github.com/faceclip-go/faceclip-go/nn"
)

// TestOpenErrors damages a model's folder in many ways; each must give an error that names the file.
func TestOpenErrors(t *testing.T) {
	const unet = "unet/diffusion_pytorch_model.safetensors"
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   []string // parts of the error
	}{
		{"empty folder", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); must(t, os.Mkdir(dir, 0o755)) }, []string{"model_index.json"}},
		{"no folder", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }, []string{"model_index.json"}},
		{"unknown pipeline", replace("model_index.json", "FaceCLIPSDXLPipeline", "OtherPipeline"), []string{"model_index.json", "OtherPipeline", "FaceCLIPSDXLPipeline"}},
		{"no VAE", remove("vae"), []string{"vae"}},
		{"no U-Net weights", remove(unet), []string{"unet", "safetensors"}},
		{"no U-Net config", remove("unet/config.json"), []string{"unet/config.json"}},
		{"no scheduler", remove("scheduler"), []string{"scheduler/scheduler_config.json"}},
		{"no vocabulary", remove("tokenizer/vocab.json"), []string{"tokenizer/vocab.json"}},
		{"bad vocabulary", replace("tokenizer/vocab.json", `"!": 0`, `"!": -1`), []string{"tokenizer"}},
		{"truncated weights", truncate(unet, 100_000), []string{unet}},
		{"text for weights", write(unet, "this is a text, not a tensor in sight"), []string{unet, "safetensors"}},
		{"header of 2^62 bytes", write(unet, string(binary.LittleEndian.AppendUint64(nil, 1<<62))+"{}"), []string{unet}},
		{"wrong width", replace("unet/config.json", `"cross_attention_dim": 72`, `"cross_attention_dim": 80`), []string{"unet/config.json", "cross_attention_dim 80"}},
		{"wrong channels", replace("vae/config.json", "24,", "40,"), []string{"vae/diffusion_pytorch_model.safetensors", "mismatched"}},
		{"more layers", replace("face_clip_encoder/config.json", `"num_hidden_layers": 3`, `"num_hidden_layers": 4`), []string{"face_clip_encoder/model.safetensors", "missing"}},
		{"fewer layers", replace("face_clip_encoder/config.json", `"num_hidden_layers": 3`, `"num_hidden_layers": 2`), []string{"face_clip_encoder/model.safetensors", "unexpected"}},
		{"no encoder config", remove("face_clip_encoder/config.json"), []string{"face_clip_encoder"}}, // the published sizes do not fit
		{"no number", replace("unet/config.json", `"norm_num_groups": 8`, `"norm_num_groups": "eight"`), []string{"unet/config.json"}},
		{"zero groups", replace("vae/config.json", `"norm_num_groups": 8`, `"norm_num_groups": 0`), []string{"vae/config.json"}},
		{"other spacing", replace("scheduler/scheduler_config.json", "leading", "trailing"), []string{"scheduler_config.json", "timestep_spacing"}},
		{"no JSON", write("vae/config.json", "{"), []string{"vae/config.json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyMini(t)
			c.damage(t, dir)
			p, err := Open(context.Background(), dir, nil)
			if err == nil {
				p.Close()
				t.Fatal("no error")
			}
			for _, part := range append(c.want, filepath.Base(dir)) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not name %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is not one line", err)
			}
		})
	}
}

func TestOpenFits(t *testing.T) {
	p, err := Open(context.Background(), copyMini(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if plan, err := p.Plan(&Request{}); err != nil || plan.Mapped == 0 {
		t.Errorf("plan %+v, %v", plan, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, copyMini(t), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Open: %v", err)
	}
	if _, err := Open(context.Background(), copyMini(t), &Options{Device: "abacus"}); err == nil || !strings.Contains(err.Error(), "cpu") {
		t.Errorf("unknown device: %v", err)
	}
	if _, err := Open(context.Background(), copyMini(t), &Options{Workers: -1}); err == nil {
		t.Error("negative workers are no error")
	}
}

// TestKeyError checks that all differences are reported at once.
func TestKeyError(t *testing.T) {
	dir := copyMini(t)
	replace("unet/config.json", `"layers_per_block": 2`, `"layers_per_block": 1`)(t, dir)
	_, err := Open(context.Background(), dir, nil)
	var e *nn.KeyError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a KeyError", err)
	}
	if len(e.Unexpected) == 0 || len(e.Mismatched) == 0 {
		t.Errorf("%d missing, %d mismatched, %d unexpected", len(e.Missing), len(e.Mismatched), len(e.Unexpected))
	}
}

// TestCutWhileMapped cuts a file that is in use.
func TestCutWhileMapped(t *testing.T) {
	for _, file := range []string{"unet/diffusion_pytorch_model.safetensors", "face_clip_encoder/model.safetensors"} {
		dir := copyMini(t)
		p, err := Open(context.Background(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		must(t, os.Truncate(filepath.Join(dir, file), 4096))
		if _, err = p.Generate(context.Background(), small()); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("got %v, want an error that names %s", err, file)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNotFinite checks that a broken weight is reported with the stage where it shows.
func TestNotFinite(t *testing.T) {
	dir := copyMini(t)
	file := filepath.Join(dir, "vae/diffusion_pytorch_model.safetensors")
	data, err := os.ReadFile(file)
	must(t, err)
	for i := len(data) - 2; i > len(data)-2000; i -= 2 {
		binary.LittleEndian.PutUint16(data[i:], 0x7e00) // NaN
	}
	must(t, os.WriteFile(file, data, 0o644))
	p, err := Open(context.Background(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Generate(context.Background(), small()); err == nil || !strings.Contains(err.Error(), "stage decoded is not finite") {
		t.Errorf("got %v, want an error that names the stage", err)
	}
}

// copyMini returns a folder with the miniature model.
func copyMini(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	must(t, os.CopyFS(dir, mini.SDXL()))
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, 0o755)
	}))
	return dir
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, name))) }
}

func truncate(name string, size int64) func(*testing.T, string) {
	return func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, name), size)) }
}

func write(name, text string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)) }
}

func replace(name, old, new string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		if !strings.Contains(string(data), old) {
			t.Fatalf("%s does not hold %q", name, old)
		}
		write(name, strings.ReplaceAll(string(data), old, new))(t, dir)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
