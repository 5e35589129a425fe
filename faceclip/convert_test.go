package faceclip

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestConvert checks that a converted folder gives the picture that rounding at load gives, bit for bit, and that it holds
// the weights and their scales.
func TestConvert(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	for model, files := range minis {
		t.Run(model, func(t *testing.T) {
			from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
			must(t, os.CopyFS(from, files))
			var done, total int64
			must(t, Convert(context.Background(), from, to, &ConvertOptions{
				Weights: tensor.I8, Progress: func(d, n int64) { done, total = d, n },
			}))
			if done != total || total == 0 {
				t.Errorf("progress ends at %d of %d bytes", done, total)
			}
			converted, err := Open(context.Background(), to, nil)
			must(t, err)
			defer converted.Close()
			rounded := openFS(t, files, &Options{Weights: tensor.I8})
			file := "testdata/" + model + "/request.json"
			want, got := observe(t, rounded, readRequest(t, file)), observe(t, converted, readRequest(t, file))
			for stage, w := range want {
				if string(tensor.Bytes(got[stage])) != string(tensor.Bytes(w)) {
					t.Errorf("%s: differs", stage)
				}
			}
			checkInt8Files(t, to)
		})
	}
}

// checkInt8Files checks every weight of int8 against its scales.
func checkInt8Files(t *testing.T, dir string) {
	t.Helper()
	for _, part := range []string{"unet", "transformer", "face_clip_encoder", "face_t5_encoder"} {
		if _, err := os.Stat(filepath.Join(dir, part)); err != nil {
			continue
		}
		c, err := safetensors.OpenComponent(safetensors.DirOf(dir), part)
		must(t, err)
		defer c.Close()
		weights := 0
		for _, name := range c.Names() {
			w, _ := c.Get(name)
			scale, ok := c.Get(name + "_scale")
			if w.DType() == tensor.I8 != ok {
				t.Errorf("%s: %v, scales %v", name, w, scale)
			}
			if ok {
				weights++
				if scale.DType() != tensor.F32 || scale.Rank() != 1 || scale.Dim(0) != w.Dim(0) {
					t.Errorf("%s: %v has scales %v", name, w, scale)
				}
			}
		}
		if weights == 0 {
			t.Errorf("%s: nothing is int8", part)
		}
	}
}

func TestConvertErrors(t *testing.T) {
	dir := copyMini(t)
	for _, c := range []struct {
		name, to string
		options  ConvertOptions
		ctx      func() context.Context
		want     string
	}{
		{"to is there", dir, ConvertOptions{}, context.Background, "exists already"},
		{"no parent", filepath.Join(dir, "no", "such"), ConvertOptions{}, context.Background, "no such"},
		{"other type", dir + "-f32", ConvertOptions{Weights: tensor.F32}, context.Background, "f32"},
		{"base", dir + "-base", ConvertOptions{Base: dir}, context.Background, "no .pt files"},
		{"cancelled", dir + "-int8", ConvertOptions{Weights: tensor.I8}, cancelled, context.Canceled.Error()},
	} {
		err := Convert(c.ctx(), dir, c.to, &c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error that names %q", c.name, err, c.want)
		}
	}
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: failures have left something", entries, err)
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestConvertResumed ends a conversion in the middle and calls again: what was finished is not written anew, and the folder is
// the one that a single call makes.
func TestConvertResumed(t *testing.T) {
	dir := copyMini(t)
	once, twice := dir+"-once", dir+"-twice"
	options := ConvertOptions{Weights: tensor.I8}
	must(t, Convert(context.Background(), dir, once, &options))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	options.Progress = func(done, total int64) {
		if done > total*6/10 {
			cancel()
		}
	}
	if err := Convert(ctx, dir, twice, &options); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	partial := filepath.Join(filepath.Dir(dir), ".model-twice.partial")
	first := filepath.Join("face_clip_encoder", "model.safetensors")
	before, err := os.Stat(filepath.Join(partial, first))
	must(t, err)
	options.Progress = nil
	must(t, Convert(context.Background(), dir, twice, &options))
	after, err := os.Stat(filepath.Join(twice, first))
	must(t, err)
	if !os.SameFile(before, after) {
		t.Error("a finished file was written anew")
	}
	if _, err := os.Stat(partial); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the unfinished folder: %v", err)
	}
	want, err := os.ReadFile(filepath.Join(once, "SHA256SUMS"))
	must(t, err)
	got, err := os.ReadFile(filepath.Join(twice, "SHA256SUMS"))
	must(t, err)
	if string(got) != string(want) {
		t.Errorf("sums differ: %s, want %s", got, want)
	}
	checkSums(t, twice)
}

// TestConvertDamaged resumes with what a program that was killed, or somebody else, may have left.
func TestConvertDamaged(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	dir := copyOf(t, minis["flux"])
	options := ConvertOptions{Weights: tensor.I8}
	partial := filepath.Join(filepath.Dir(dir), ".model-int8.partial")
	first := filepath.Join(partial, "face_t5_encoder", "model.safetensors")
	for name, damage := range map[string]func(){
		"part of a file": func() { must(t, os.WriteFile(filepath.Join(partial, "vae", ".x-123"), []byte("x"), 0o644)) },
		"flipped bit": func() {
			data, err := os.ReadFile(first)
			must(t, err)
			data[len(data)/2] ^= 1
			must(t, os.WriteFile(first, data, 0o644))
		},
		"lost file": func() { must(t, os.Remove(first)) },
		"file that is not wanted": func() {
			must(t, os.WriteFile(filepath.Join(partial, "vae", "old.txt"), []byte("x"), 0o644))
			sums, err := os.ReadFile(filepath.Join(partial, "SHA256SUMS"))
			must(t, err)
			const ofX = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
			sums = append(sums, ofX+"  vae/old.txt\n"+ofX+"  ../../outside.txt\n"...)
			must(t, os.WriteFile(filepath.Join(partial, "SHA256SUMS"), sums, 0o644))
			must(t, os.WriteFile(filepath.Join(filepath.Dir(filepath.Dir(dir)), "outside.txt"), []byte("x"), 0o644))
		},
		"changed source": func() {
			replace("transformer/diffusion_pytorch_model-00002-of-00002.safetensors", "\x00", "\x00")(t, dir)
		},
	} {
		must(t, os.RemoveAll(dir+"-int8"))
		ctx, cancel := context.WithCancel(context.Background())
		options.Progress = func(done, total int64) {
			if done > total*6/10 {
				cancel()
			}
		}
		if err := Convert(ctx, dir, dir+"-int8", &options); !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: got %v", name, err)
		}
		must(t, os.MkdirAll(filepath.Join(partial, "vae"), 0o755))
		damage()
		options.Progress = nil
		if err := Convert(context.Background(), dir, dir+"-int8", &options); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkSums(t, dir+"-int8")
		if sums, err := os.ReadFile(filepath.Join(dir+"-int8", "SHA256SUMS")); err != nil || strings.Contains(string(sums), "old.txt") || strings.Contains(string(sums), "outside") {
			t.Errorf("%s: %v\n%s", name, err, sums)
		}
	}
}

// TestConvertInTheWay checks that nobody else's files are deleted.
func TestConvertInTheWay(t *testing.T) {
	dir := copyMini(t)
	other := filepath.Join(filepath.Dir(dir), ".model-int8.partial")
	must(t, os.Mkdir(other, 0o755))
	must(t, os.WriteFile(filepath.Join(other, "thesis.txt"), nil, 0o644))
	if err := Convert(context.Background(), dir, dir+"-int8", nil); err == nil || !strings.Contains(err.Error(), other) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(other, "thesis.txt")); err != nil {
		t.Error(err)
	}
}

// TestConvertCut cuts a file while it is converted.
func TestConvertCut(t *testing.T) {
	dir := copyMini(t)
	file := filepath.Join(dir, "unet", "diffusion_pytorch_model.safetensors")
	info, err := os.Stat(file)
	must(t, err)
	for _, weights := range []tensor.DType{0, tensor.F16, tensor.I8} {
		source := dir + fmt.Sprint(weights)
		must(t, os.CopyFS(source, os.DirFS(dir)))
		file := filepath.Join(source, "unet", filepath.Base(file))
		err := Convert(context.Background(), source, source+"-to", &ConvertOptions{Weights: weights, Progress: func(done, total int64) {
			if total-done < info.Size() {
				must(t, os.Truncate(file, 0))
			}
		}})
		var cut *backend.FileError
		if !errors.As(err, &cut) || cut.File != file {
			t.Errorf("%v: got %v, want a FileError of %s", weights, err, file)
		}
	}
}

// TestConvertTwice converts to one folder from two goroutines: one of them gives way.
func TestConvertTwice(t *testing.T) {
	dir := copyMini(t)
	var failed atomic.Int32
	var calls sync.WaitGroup
	for _, weights := range []tensor.DType{tensor.I8, tensor.BF16} {
		calls.Go(func() {
			if err := Convert(context.Background(), dir, dir+"-new", &ConvertOptions{Weights: weights}); err != nil {
				failed.Add(1)
			}
		})
	}
	calls.Wait()
	if failed.Load() != 1 {
		t.Errorf("%d of 2 calls failed", failed.Load())
	}
	checkSums(t, dir+"-new")
}

// TestConvertNotFinite converts weights that cannot be.
func TestConvertNotFinite(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	for _, weights := range []tensor.DType{tensor.I8, tensor.F16, tensor.BF16} {
		dir := copyMini(t)
		file := filepath.Join(dir, "unet", "diffusion_pytorch_model.safetensors")
		data, err := os.ReadFile(file)
		must(t, err)
		for i := len(data) - 4000; i < len(data); i += 2 {
			binary.LittleEndian.PutUint16(data[i:], 0x7f80) // infinity
		}
		must(t, os.WriteFile(file, data, 0o644))
		err = Convert(context.Background(), dir, dir+"-new", &ConvertOptions{Weights: weights})
		if err == nil || !strings.Contains(err.Error(), "not finite") || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "tensor") {
			t.Errorf("%v: got %v", weights, err)
		}
	}
}

// checkSums checks every file of a folder against SHA256SUMS.
func checkSums(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	must(t, err)
	files := 1
	for line := range strings.Lines(string(text)) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != want {
			t.Errorf("%s has the sum %s, not %s", name, got, want)
		}
		files++
	}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			files--
		}
		return err
	}))
	if files != 0 {
		t.Errorf("%d sums too many", files)
	}
}
