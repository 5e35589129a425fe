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

	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// minis are the miniature models.
var minis = map[string]fs.FS{"sdxl": mini.Random(mini.SDXL), "flux": mini.Random(mini.FLUX)}

// TestInt8 compares pictures with int8 weights with those with the weights as stored.
func TestInt8(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	for model, files := range minis {
		t.Run(model, func(t *testing.T) {
			stored, rounded := openFS(t, files, nil), openFS(t, files, &Options{Weights: tensor.I8})
			for _, name := range []string{"", "-2", "-3"} {
				file := "testdata/" + model + "/request" + name + ".json"
				want, got := observe(t, stored, readRequest(t, file)), observe(t, rounded, readRequest(t, file))
				checkShapes(t, got, want)
				db := psnr(got["image"], want["image"])
				t.Logf("%s, request%s: %.1f dB", model, name, db)
				if !(db > 30) { // else something is wrong, not just rounded
					t.Errorf("%s, request%s: %.1f dB", model, name, db)
				}
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
	if _, err := OpenFS(context.Background(), mini.Random(mini.SDXL), &Options{Weights: tensor.F16}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Options.Weights F16: %v", err)
	}
}
