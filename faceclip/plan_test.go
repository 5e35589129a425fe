package faceclip

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// construct makes a network of the published size without weights, and checks that it fits the published keys.
func construct(t *testing.T, checkpoint string, build func(nn.Params)) {
	t.Helper()
	src, err := keys.Open(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	b, err := cpu.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p := nn.NewParams(context.Background(), src, b)
	build(p)
	if err := p.Err(); err != nil {
		t.Error(err)
	}
}

// TestPlanPublished compares the operations of the published sizes with those that PyTorch counts, in a file that
// tools/goldens/operations.py writes.
func TestPlanPublished(t *testing.T) {
	var e *encoder.Encoder
	var unet *sdxl.UNet
	var decoder *vae.Decoder
	construct(t, keys.FaceCLIPEncoder, func(p nn.Params) { e = encoder.New(p, encoder.Published) })
	construct(t, keys.SDXLUNet, func(p nn.Params) { unet = sdxl.New(p, sdxl.Published) })
	construct(t, keys.SDXLVAE, func(p nn.Params) { decoder = vae.NewDecoder(p, vae.PublishedSDXL) })
	var e5 *facet5.Encoder
	var dit *flux.DiT
	var decoder16 *vae.Decoder
	construct(t, keys.FaceT5Encoder, func(p nn.Params) { e5 = facet5.New(p, facet5.Published) })
	construct(t, keys.FLUXDiT, func(p nn.Params) { dit = flux.New(p, flux.Published) })
	construct(t, keys.FLUXVAE, func(p nn.Params) { decoder16 = vae.NewDecoder(p, vae.PublishedFLUX) })

	b, err := cpu.Open(1)
	must(t, err)
	defer b.Close()
	var want map[string]float64
	text, err := os.ReadFile("testdata/operations.json")
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	must(t, err)
	for _, c := range []struct {
		name   string // in the file
		memory int    // bytes of arena at most
		f      func(*backend.Stream)
	}{
		{"unet", 900e6, func(s *backend.Stream) {
			unet.Forward(s, s.New(2, 144, 108, 4), s.New(2, 320), s.New(2, 2816), s.New(2, 77, 2048))
		}},
		{"decoder", 2.6e9, func(s *backend.Stream) {
			decoder.Into(s, s.New(1, 1152, 864, 3), s.New(1, 144, 108, 4))
		}},
		{"encoder", 30e6, func(s *backend.Stream) {
			e.Forward(s, encoder.Input{IDs: make([]int32, 77), Faces: [][]float32{make([]float32, 3*112*112)}})
		}},
		{"dit", 560e6, func(s *backend.Stream) {
			const text, image = 512, 72 * 54
			dit.Forward(s, s.New(1, image, 64), flux.Prompt{Text: s.New(1, text, 4096), Pooled: s.New(1, 768)},
				flux.Published.Rotation(s, text, 72, 54), 1000)
		}},
		{"decoder16", 2.6e9, func(s *backend.Stream) {
			decoder16.Into(s, s.New(1, 1152, 864, 3), s.New(1, 144, 108, 16))
		}},
		{"facet5", 170e6, func(s *backend.Stream) {
			e5.Forward(s, facet5.Input{CLIP: make([]int32, 77), T5: make([]int32, 512), Faces: [][]float32{make([]float32, 3*112*112)}})
		}},
	} {
		cost := backend.Measure(b, backend.Types{Act: tensor.F32}, c.f)
		t.Logf("%s: %.3f TFLOP, arena %.1f MB", c.name, float64(cost.FLOPs)/1e12, float64(cost.Peak)/1e6)
		limit := 0.01
		if c.name == "encoder" { // the oracle computes the patches of the last layers, too
			limit = 0.02
		}
		if w := want[c.name]; math.Abs(float64(cost.FLOPs)-w) > limit*w {
			t.Errorf("%s: %.4g operations, want %.4g", c.name, float64(cost.FLOPs), w)
		}
		if cost.Peak > c.memory {
			t.Errorf("%s: arena of %d bytes, want at most %d", c.name, cost.Peak, c.memory)
		}
	}
}

// TestPlan checks that a plan adds up and that nothing is allocated beyond it.
func TestPlan(t *testing.T) {
	p := openMini(t, nil)
	plan, err := p.Plan(&Request{Width: 64, Height: 64, Steps: 3})
	if err != nil {
		t.Fatal(err)
	}
	var flops, mapped, private int64
	for i, s := range plan.Stages {
		if s.Stage != Stage(i) || s.FLOPs <= 0 || s.Private <= 0 {
			t.Errorf("stage %d: %+v", i, s)
		}
		flops, mapped, private = flops+s.FLOPs, mapped+s.Mapped, max(private, s.Private)
	}
	if plan.FLOPs != flops || plan.Mapped != mapped || plan.Private != private {
		t.Errorf("%+v does not add up", plan)
	}
	double, err := p.Plan(&Request{Width: 64, Height: 64, Steps: 6})
	if err != nil {
		t.Fatal(err)
	}
	if double.Stages[Denoising].FLOPs != 2*plan.Stages[Denoising].FLOPs {
		t.Errorf("twice the steps take %d FLOPs, not twice %d", double.Stages[Denoising].FLOPs, plan.Stages[Denoising].FLOPs)
	}
}

// TestPlanActivations plans for activations of another type: every operation has to be given the types that it states.
func TestPlanActivations(t *testing.T) {
	for _, system := range []mini.System{mini.SDXL, mini.FLUX} {
		p, err := OpenFS(context.Background(), mini.Random(system), nil)
		must(t, err)
		defer p.Close()
		r := &Request{Width: 64, Height: 64, Steps: 3, Progress: func(Progress) {}}
		full, err := p.Plan(r)
		must(t, err)
		p.types.Act = tensor.BF16
		half, err := p.Plan(r)
		must(t, err)
		for i, s := range half.Stages {
			if s.FLOPs != full.Stages[i].FLOPs || s.arena >= full.Stages[i].arena {
				t.Errorf("%v of bf16: %d FLOPs in %d bytes; of f32: %d in %d", s.Stage, s.FLOPs, s.arena, full.Stages[i].FLOPs, full.Stages[i].arena)
			}
		}
	}
}
