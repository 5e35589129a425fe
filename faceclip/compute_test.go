package faceclip

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestCompute compares every stage, computed in bfloat16 and in int8, with what the reference gives in float32, on every
// implementation of the kernels. How far they may be from it follows from how far PyTorch is in bfloat16, which
// tools/goldens/bfloat16.py measures: see docs/numerics.md.
func TestCompute(t *testing.T) {
	times := map[tensor.DType]float64{
		tensor.BF16: 1, // PyTorch rounds the same operands, and all else
		tensor.I8:   7, // the error of an integer is so many times that of a bfloat16, of the largest of a million normal numbers
	}
	var pytorch map[string]map[string]float64
	text, err := os.ReadFile("testdata/bfloat16.json")
	if err == nil {
		err = json.Unmarshal(text, &pytorch)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, kernels := range cpu.Variants() {
		if i > 0 && kernels != "avx2" && flag.Lookup("long").Value.String() != "true" {
			continue // has the integers of others, or is slow
		}
		t.Run(kernels, func(t *testing.T) {
			t.Setenv(cpu.EnvVar, kernels)
			for compute, times := range times {
				t.Run(compute.String(), func(t *testing.T) { testCompute(t, compute, times, pytorch) })
			}
		})
	}
}

// exact is how far float32s may be from those of PyTorch that bfloat16 does not change, such as noise levels.
const exact = 1e-6

// testCompute compares requests to both miniatures; stages may deviate so many times as far as PyTorch's.
func testCompute(t *testing.T, compute tensor.DType, times float64, pytorch map[string]map[string]float64) {
	o := &Options{Compute: compute}
	for system, p := range map[string]*Pipeline{"sdxl": openMini(t, o), "flux": openFLUXMini(t, o)} {
		for _, name := range []string{"", "-2", "-3"} {
			got := observe(t, p, readRequest(t, "testdata/"+system+"/request"+name+".json"))
			want, err := safetensors.Open(safetensors.DirOf("testdata/"+system), "trace"+name+".safetensors")
			if err != nil {
				t.Fatal(err)
			}
			worst, at := 0.0, ""
			for _, stage := range want.Names() {
				w, _ := want.Get(stage)
				limit := pytorch[system+"/request"+name][stage]
				d := golden.Deviation(got[stage], w)
				if !(d <= max(times*limit, exact)) {
					t.Errorf("%s%s, %s: deviates by %.2g, PyTorch in bfloat16 by %.2g", system, name, stage, d, limit)
				}
				if limit > 0 && d/limit > worst {
					worst, at = d/limit, stage
				}
			}
			image, _ := want.Get("image")
			t.Logf("%s%s: at most %.2f times as far from float32 as PyTorch in bfloat16, at %s; picture %.1f dB", system, name, worst, at, psnr(got["image"], image))
			want.Close()
		}
	}
}
