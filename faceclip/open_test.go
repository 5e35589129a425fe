package faceclip

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/nn"
)

// A damage is done to a model's folder; opening it must give an error of one line that names the file.
type damage struct {
	name string
	do   func(t *testing.T, dir string)
	want []string // parts of the error
}

func TestOpenErrors(t *testing.T) {
	const unet = "unet/diffusion_pytorch_model.safetensors"
	testDamages(t, minis["sdxl"], []damage{
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
		{"other spacing", replace("scheduler/scheduler_config.json", "leading", "lagging"), []string{"scheduler_config.json", "timestep_spacing"}},
		{"no JSON", write("vae/config.json", "{"), []string{"vae/config.json"}},
	})
}

func TestOpenFLUXErrors(t *testing.T) {
	const transformer, encoder = "transformer/config.json", "face_t5_encoder/config.json"
	testDamages(t, minis["flux"], []damage{
		{"no T5 vocabulary", remove("tokenizer_2"), []string{"tokenizer_2/spiece.model"}},
		{"bad T5 vocabulary", write("tokenizer_2/spiece.model", "\x0a\xff"), []string{"tokenizer_2/spiece.model"}},
		{"bad tokenizer.json", func(t *testing.T, dir string) {
			remove("tokenizer_2/spiece.model")(t, dir)
			write("tokenizer_2/tokenizer.json", "{}")(t, dir)
		}, []string{"tokenizer_2/tokenizer.json"}},
		{"no transformer", remove("transformer"), []string{transformer}},
		{"no shard", remove("transformer/diffusion_pytorch_model-00002-of-00002.safetensors"), []string{"00002-of-00002"}},
		{"wrong text width", replace(transformer, `"joint_attention_dim": 64`, `"joint_attention_dim": 80`), []string{transformer, "joint_attention_dim 80"}},
		{"wrong pooled width", replace(transformer, `"pooled_projection_dim": 64`, `"pooled_projection_dim": 80`), []string{transformer, "pooled_projection_dim 80"}},
		{"small T5 vocabulary", replace(encoder, `"vocab_size": 528`, `"vocab_size": 400`), []string{encoder, "vocab_size 400"}},
		{"other CLIP vocabulary", replace(encoder, `"vocab_size": 914`, `"vocab_size": 915`), []string{encoder, "vocab_size 915"}},
		{"other axes", replace(transformer, "12,", "14,"), []string{transformer, "axes_dims_rope"}},
		{"no encoder config", remove(encoder), []string{"vocab_size"}}, // the published sizes do not fit
		{"other latents", replace("vae/config.json", `"latent_channels": 16`, `"latent_channels": 4`), []string{"vae/config.json", "latent_channels 4"}},
		{"other scheduler", replace("scheduler/scheduler_config.json", `"shift": 3.0`, `"shift": -3.0`), []string{"scheduler_config.json", "shift"}},
		{"no patches", replace(transformer, `"patch_size": 1`, `"patch_size": 2`), []string{transformer, "patch_size 2"}},
		{"fewer blocks", replace(transformer, `"num_layers": 2`, `"num_layers": 1`), []string{"transformer", "unexpected"}},
		{"more T5 layers", replace(encoder, `"num_layers": 3`, `"num_layers": 4`), []string{"face_t5_encoder/model.safetensors", "missing"}},
	})
}

// TestOpenBase opens a base model where a model of ours belongs, and the reverse.
func TestOpenBase(t *testing.T) {
	dir := copyMini(t)
	replace("model_index.json", "FaceCLIPSDXLPipeline", "StableDiffusionXLPipeline")(t, dir)
	if _, err := Open(context.Background(), dir, nil); err == nil || !strings.Contains(err.Error(), "base model") {
		t.Errorf("a base model alone: %v", err)
	}
	pt := t.TempDir()
	must(t, os.WriteFile(filepath.Join(pt, "unet.pt"), []byte("PK"), 0o644))
	for base, want := range map[string]string{"": "Options.Base", copyMini(t): "no base model", dir: "face_clip_encoder.pt", t.TempDir(): "model_index.json"} {
		if _, err := Open(context.Background(), pt, &Options{Base: base}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("base %q: got %v, want an error that names %q", base, err, want)
		}
	}
}

func testDamages(t *testing.T, model fs.FS, damages []damage) {
	for _, c := range damages {
		t.Run(c.name, func(t *testing.T) {
			dir := copyOf(t, model)
			c.do(t, dir)
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

// TestHostileConfigs puts impossible values in the place of every number of every configuration, one after another. Each
// is an error, or of no effect; none panics, hangs or takes memory.
func TestHostileConfigs(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	number := regexp.MustCompile(`-?\d+(\.\d+)?(e-?\d+)?\b`)
	for model, files := range minis {
		dir := copyOf(t, files)
		configs, err := filepath.Glob(filepath.Join(dir, "*", "*config.json"))
		must(t, err)
		for _, config := range configs {
			original, err := os.ReadFile(config)
			must(t, err)
			for _, at := range number.FindAllIndex(original, -1) {
				for _, value := range []string{"0", "-1", "2147483648", "288230376151711744", "4611686018427387904", "1e300", "0.5"} {
					text := string(original[:at[0]]) + value + string(original[at[1]:])
					must(t, os.WriteFile(config, []byte(text), 0o644))
					p, err := Open(context.Background(), dir, &Options{Memory: 1 << 30, Workers: 1})
					if err != nil {
						continue
					}
					_, err = p.Plan(&Request{Width: 64, Height: 64, Steps: 2})
					p.Close()
					if err != nil && !strings.HasPrefix(err.Error(), "faceclip: ") {
						t.Errorf("%s: %s: %v", model, config, err)
					}
				}
			}
			must(t, os.WriteFile(config, original, 0o644))
		}
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
	for _, workers := range []int{-1, 1 << 30, 1 << 51, math.MaxInt} {
		if _, err := Open(context.Background(), copyMini(t), &Options{Workers: workers}); err == nil || !strings.Contains(err.Error(), fmt.Sprint(workers)) {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
	if _, err := OpenFS(context.Background(), nil, nil); err == nil {
		t.Error("no file system is no error")
	}
}

// TestAbsurdConfigs checks that numbers that are possible each, but not together, are an error that costs little.
func TestAbsurdConfigs(t *testing.T) {
	const unet = "unet/config.json"
	many := map[string]string{`"layers_per_block": 2`: `"layers_per_block": 1000`}
	depth := maps.Clone(many)
	depth["1,\n    2,\n    2\n  ],\n  \"up_block"] = "999, 999, 999],\n\"up_block"
	for name, edits := range map[string]map[string]string{"layers": many, "layers of layers": depth} {
		dir := copyMini(t)
		for from, to := range edits {
			replace(unet, from, to)(t, dir)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(context.Background(), dir, nil)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; err == nil || !strings.Contains(err.Error(), "unet") || len(err.Error()) > 2000 || took > 50<<20 {
			t.Errorf("%s: %d MB, %v", name, took>>20, err)
		}
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

// copyMini returns a folder with the miniature of FaceCLIP-SDXL.
func copyMini(t *testing.T) string { t.Helper(); return copyOf(t, minis["sdxl"]) }

// copyOf returns a folder with a model.
func copyOf(t *testing.T, model fs.FS) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	must(t, os.CopyFS(dir, model))
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
