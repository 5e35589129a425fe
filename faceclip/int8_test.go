package faceclip

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/mini"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// minis are the miniature models.
var minis = map[string]func() fs.FS{"sdxl": mini.SDXL, "flux": mini.FLUX}

// TestInt8 compares pictures with int8 weights with those with the weights as stored.
func TestInt8(t *testing.T) {
	for model, files := range minis {
		t.Run(model, func(t *testing.T) {
			stored, rounded := openFS(t, files(), nil), openFS(t, files(), &Options{Weights: tensor.I8})
			for _, name := range []string{"", "-2", "-3"} {
				file := "testdata/" + model + "/request" + name + ".json"
				want, got := observe(t, stored, readRequest(t, file)), observe(t, rounded, readRequest(t, file))
				checkShapes(t, got, want)
				t.Logf("request%s: %.1f dB", name, psnr(got["image"], want["image"]))
			}
			if model == "sdxl" { // the other's fit into memory that is there anyway
				checkCopies(t, stored, rounded)
			}
		})
	}
}

// checkShapes checks that stages differ in nothing but values; that they are finite is checked by Generate.
func checkShapes(t *testing.T, got, want map[string]tensor.Tensor) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d stages, want %d", len(got), len(want))
	}
	for stage, w := range want {
		if g := got[stage]; g.DType() != w.DType() || !g.SameShape(w) {
			t.Errorf("%s: %v, want %v", stage, g, w)
		}
	}
}

// checkCopies checks that a plan counts the copies.
func checkCopies(t *testing.T, stored, rounded *Pipeline) {
	t.Helper()
	before, err := stored.Plan(small16())
	must(t, err)
	after, err := rounded.Plan(small16())
	must(t, err)
	if after.Private <= before.Private {
		t.Errorf("%d private bytes with copies, %d without", after.Private, before.Private)
	}
}

func small16() *Request { return &Request{Prompt: "a man", Width: 32, Height: 48, Steps: 2} }

// psnr returns the ratio of the largest level to the noise, in decibels.
func psnr(got, want tensor.Tensor) float64 {
	sum := 0.0
	for i, w := range tensor.Bytes(want) {
		d := float64(tensor.Bytes(got)[i]) - float64(w)
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(want.Len())/sum)
}

// TestConvert checks that a converted folder gives the picture that rounding at load gives, bit for bit, and that it holds
// the weights and their scales.
func TestConvert(t *testing.T) {
	for model, files := range minis {
		t.Run(model, func(t *testing.T) {
			from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
			must(t, os.CopyFS(from, files()))
			var done, total int64
			must(t, Convert(context.Background(), from, to, &ConvertOptions{
				Weights: tensor.I8, Progress: func(d, n int64) { done, total = d, n },
			}))
			if done < total*9/10 || done > total {
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

// TestInt8Keys checks that scales are expected exactly where weights are int8, and int8 only where it may be.
func TestInt8Keys(t *testing.T) {
	from, to := copyMini(t), filepath.Join(t.TempDir(), "int8")
	must(t, Convert(context.Background(), from, to, &ConvertOptions{Weights: tensor.I8}))
	file := filepath.Join(to, "unet", "diffusion_pytorch_model.safetensors")
	original, err := os.ReadFile(file)
	must(t, err)
	const name = "time_embedding.linear_1.weight"
	for _, c := range []struct{ old, new, want string }{
		{name + "_scale", name + "_sCale", "missing " + name + "_scale"},
		{name + "_scale", name + "_sCale", "unexpected " + name + "_sCale"},
	} {
		must(t, os.WriteFile(file, []byte(strings.Replace(string(original), c.old, c.new, 1)), 0o644))
		p, err := Open(context.Background(), to, nil)
		if err == nil {
			p.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want an error that names %q", err, c.want)
		}
	}
	if _, err := OpenFS(context.Background(), mini.SDXL(), &Options{Weights: tensor.F16}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Options.Weights F16: %v", err)
	}
}
