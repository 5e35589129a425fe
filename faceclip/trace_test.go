package faceclip

import (
	"context"
	"encoding/json"
	"image"
	_ "image/png"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestTrace compares every stage with what the reference gives for the miniature models. The traces are written by
// tools/goldens/traces.py.
func TestTrace(t *testing.T) { golden.EachCPU(t, testTraces) }

func testTraces(t *testing.T) {
	for model, p := range map[string]*Pipeline{"sdxl": openMini(t, nil), "flux": openFLUXMini(t, nil)} {
		for _, name := range []string{"", "-2", "-3"} {
			t.Run(model+name, func(t *testing.T) {
				got := observe(t, p, readRequest(t, "testdata/"+model+"/request"+name+".json"))
				want, err := safetensors.Open(safetensors.DirOf("testdata/"+model), "trace"+name+".safetensors")
				if err != nil {
					t.Fatal(err)
				}
				defer want.Close()
				compareTraces(t, got, want)
			})
		}
	}
}

// observe returns every stage of a request.
func observe(t *testing.T, p *Pipeline, r *Request) map[string]tensor.Tensor {
	t.Helper()
	stages := map[string]tensor.Tensor{}
	r.Observe = func(stage string, x tensor.Tensor) { stages[stage] = clone(x) }
	if _, err := p.Generate(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	return stages
}

func compareTraces(t *testing.T, got map[string]tensor.Tensor, want *safetensors.Checkpoint) {
	worst, worstStage := 0.0, ""
	for _, stage := range want.Names() {
		w, _ := want.Get(stage)
		g, ok := got[stage]
		if !ok {
			t.Errorf("%s: missing", stage)
			continue
		}
		limit := golden.Tolerance
		if stage == "noise" {
			limit = 0
		}
		if diff := golden.Difference(g, w); !(diff <= limit) {
			t.Errorf("%s: differs by %.2g", stage, diff)
		} else if diff > worst && stage != "image" {
			worst, worstStage = diff, stage
		}
	}
	for stage := range got {
		if _, ok := want.Get(stage); !ok {
			t.Errorf("%s: not a stage of the reference", stage)
		}
	}
	t.Logf("%d stages, worst %.2g at %s", len(want.Names()), worst, worstStage)
}

func openMini(t *testing.T, o *Options) *Pipeline { t.Helper(); return openFS(t, minis["sdxl"], o) }

func openFLUXMini(t *testing.T, o *Options) *Pipeline { t.Helper(); return openFS(t, minis["flux"], o) }

func openFS(t *testing.T, model fs.FS, o *Options) *Pipeline {
	t.Helper()
	p, err := OpenFS(context.Background(), model, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// readRequest reads a request of the fixtures.
func readRequest(t *testing.T, file string) *Request {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Face, Prompt, Negative string
		Seed                   int64
		Steps, Width, Height   int
		Guidance               float32
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	request := &Request{
		Prompt: r.Prompt, Seed: r.Seed, Steps: r.Steps, Width: r.Width, Height: r.Height,
		Guidance: Guidance{Scale: r.Guidance, Negative: &r.Negative},
	}
	if r.Face != "" {
		request.Face = readImage(t, filepath.Join(filepath.Dir(file), r.Face))
	}
	return request
}

func readImage(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func clone(x tensor.Tensor) tensor.Tensor {
	return tensor.Make(tensor.HostMemory(append([]byte(nil), tensor.Bytes(x)...)), 0, x.DType(), x.Shape()...)
}

// TestObserverOverwrites checks that what Observe gets is a copy: a picture does not change with it.
func TestObserverOverwrites(t *testing.T) {
	for model, files := range minis {
		p := openFS(t, files, nil)
		want := generate(t, p, small16())
		r := small16()
		r.Observe = func(_ string, x tensor.Tensor) {
			for b := tensor.Bytes(x); len(b) > 0; b = b[1:] {
				b[0] = 1
			}
		}
		if got := generate(t, p, r); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: another picture", model)
		}
	}
}
