package faceclip

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
			must(t, os.CopyFS(from, files()))
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
			rounded := openFS(t, files(), &Options{Weights: tensor.I8})
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
		{"other type", dir + "-f16", ConvertOptions{Weights: tensor.F16}, context.Background, "f16"},
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

// TestConvertCancelled ends a conversion in the middle.
func TestConvertCancelled(t *testing.T) {
	dir := copyMini(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := Convert(ctx, dir, dir+"-int8", &ConvertOptions{Weights: tensor.I8, Progress: func(done, total int64) {
		if done > total/2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: something is left", entries, err)
	}
}

// TestConvertAsStored copies a model whose decoder lies elsewhere: its numbers stay as they are, and so they do when int8
// is made int8.
func TestConvertAsStored(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	dir := copyMini(t)
	elsewhere := filepath.Join(t.TempDir(), "vae")
	must(t, os.Rename(filepath.Join(dir, "vae"), elsewhere))
	if err := os.Symlink(elsewhere, filepath.Join(dir, "vae")); err != nil {
		t.Skip(err) // not everywhere
	}
	from := dir
	for i, weights := range []tensor.DType{0, tensor.I8, tensor.I8} {
		to := filepath.Join(filepath.Dir(dir), fmt.Sprint(i)) + string(filepath.Separator)
		must(t, Convert(context.Background(), from, to, &ConvertOptions{Weights: weights}))
		for _, part := range []string{"unet", "vae", "face_clip_encoder"} {
			if i != 1 {
				checkSame(t, from, to, part)
			}
		}
		from = to
	}
}

// checkSame checks that two folders hold the same tensors of a component.
func checkSame(t *testing.T, from, to, part string) {
	t.Helper()
	a, err := safetensors.OpenComponent(safetensors.DirOf(from), part)
	must(t, err)
	defer a.Close()
	b, err := safetensors.OpenComponent(safetensors.DirOf(to), part)
	must(t, err)
	defer b.Close()
	if !slices.Equal(a.Names(), b.Names()) {
		t.Errorf("%s: other names", part)
	}
	for _, name := range a.Names() {
		x, _ := a.Get(name)
		y, _ := b.Get(name)
		if x.DType() != y.DType() || !x.SameShape(y) || string(tensor.Bytes(x)) != string(tensor.Bytes(y)) {
			t.Errorf("%s: %s differs", part, name)
		}
	}
}
