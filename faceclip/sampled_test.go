package faceclip

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestSampled has latents that diffusers' schedulers make with the miniatures in PyTorch: tools/goldens/sampled.py.
func TestSampled(t *testing.T) {
	want, err := safetensors.Open(safetensors.DirOf("testdata"), "sampled.safetensors")
	must(t, err)
	defer want.Close()
	sdxl, flux, told := openMini(t, nil), openFLUXMini(t, nil), openTold(t)
	metadata := want.Metadata()
	if len(metadata) == 0 {
		t.Fatal("no cases")
	}
	worst := 0.0
	for name, text := range metadata {
		p := sdxl
		if name == "told" {
			p = told
		} else if len(name) > 5 && name[:5] == "flow." {
			p = flux
		}
		r := sampledRequest(t, text)
		got := observe(t, p, r)
		first, _ := want.Get(name + ".first")
		last, _ := want.Get(name + ".last")
		for stage, w := range map[string]tensor.Tensor{"latent.01": first, "latent": last} {
			diff := golden.Difference(got[stage], w)
			if worst = max(worst, diff); !(diff <= golden.Tolerance) {
				t.Errorf("%s: %s differs by %.2g", name, stage, diff)
			}
		}
	}
	t.Logf("%d requests, worst %.2g", len(metadata), worst)
}

// sampledRequest returns a request as the script writes it.
func sampledRequest(t *testing.T, text string) *Request {
	t.Helper()
	var r struct {
		Prompt, Negative, Sampler, Schedule string
		Width, Height, Steps                int
		Seed                                int64
		Guidance, From, Until, Rescale      float32
	}
	must(t, json.Unmarshal([]byte(text), &r))
	return &Request{
		Prompt: r.Prompt, Width: r.Width, Height: r.Height, Steps: r.Steps, Seed: r.Seed, Sampler: r.Sampler, Schedule: r.Schedule,
		Guidance: Guidance{Scale: r.Guidance, Negative: &r.Negative, From: r.From, Until: r.Until, Rescale: r.Rescale},
	}
}

// openTold opens the miniature with a denoiser that is told the scale of guidance, by a matrix of cosines.
func openTold(t *testing.T) *Pipeline {
	t.Helper()
	const width = 10
	dir := copyMini(t)
	set("unet/config.json", "time_cond_proj_dim", width)(t, dir)
	c, err := safetensors.OpenComponent(safetensors.Dir{FS: mini.Random(mini.SDXL)}, "unet")
	must(t, err)
	defer c.Close()
	var entries []safetensors.Entry
	add := func(name string, x tensor.Tensor) {
		entries = append(entries, safetensors.Entry{Name: name, DType: x.DType(), Shape: x.Shape(), Data: func(w io.Writer) error {
			_, err := w.Write(tensor.Bytes(x))
			return err
		}})
	}
	for _, name := range c.Names() {
		x, _ := c.Get(name)
		add(name, x)
	}
	channels, _ := c.Get("time_embedding.linear_1.weight")
	matrix := make([]float32, channels.Dim(1)*width)
	for i := range matrix {
		matrix[i] = float32(math.Cos(0.1 * float64(i)))
	}
	add("time_embedding.cond_proj.weight", tensor.FromFloat32s(matrix, channels.Dim(1), width))
	old, err := filepath.Glob(filepath.Join(dir, "unet", "*safetensors*"))
	must(t, err)
	for _, file := range old {
		must(t, os.Remove(file))
	}
	must(t, safetensors.WriteFile(filepath.Join(dir, "unet", "diffusion_pytorch_model.safetensors"), nil, entries))
	p, err := Open(context.Background(), dir, nil)
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// samplerNames are those of a system.
var samplerNames = map[string][]string{
	"sdxl": {"euler", "euler-ancestral", "heun", "dpm++2m", "dpm++2m-sde", "dpm++2s", "dpm++sde", "ddim", "unipc", "lcm", "tcd"},
	"flux": {"euler", "heun", "dpm++2m"},
}

// TestPlanSampled compares the operations of plans with those of what runs, for each sampler with guidance in a part of the run: the
// denoiser is asked by the schedule, and what it is asked for one condition costs the same.
func TestPlanSampled(t *testing.T) {
	for system, names := range samplerNames {
		p := openFS(t, minis[system], nil)
		alone := func(r *Request) int64 {
			plan, err := p.Plan(r)
			must(t, err)
			return plan.Stages[Denoising].FLOPs
		}
		forward := alone(&Request{Width: 64, Height: 64, Steps: 1, Guidance: Guidance{Scale: 1}, Sampler: "euler"})
		for _, name := range names {
			r := &Request{Width: 64, Height: 64, Steps: 5, Sampler: name, Guidance: Guidance{From: 0.2, Until: 0.6}}
			forwards := int64(5 + 2) // two steps are guided
			if name == "heun" {
				forwards = 9 + 4
			}
			if got := alone(r); got != forwards*forward {
				t.Errorf("%s %s: %d operations, want %d of %d", system, name, got, forwards, forward)
			}
			asked := 0
			r.Observe = func(stage string, _ tensor.Tensor) {
				if stage[:3] == "eps" || stage[:3] == "vel" {
					asked++
				}
			}
			generate(t, p, r)
			once := 5 // predictions of steps; that of the first is not guided
			if name == "heun" {
				once = 9
			}
			if system == "flux" {
				once++ // what is traced of the first step
			}
			if asked != once {
				t.Errorf("%s %s: %d predictions, want %d", system, name, asked, once)
			}
		}
	}
}

// TestApart draws with the two conditions in one batch and, where memory is short, in two calls: the pictures are the same.
func TestApart(t *testing.T) {
	p := openMini(t, nil)
	r := &Request{Prompt: "a man", Width: 64, Height: 96, Steps: 2, Guidance: Guidance{Until: 0.5}}
	want := generate(t, p, r)
	j, together, err := p.prepare(context.Background(), r)
	must(t, err)
	limit := p.limit
	p.limit = together.Stages[Denoising].Private - 1
	apart, err := p.plan(context.Background(), j)
	must(t, err)
	p.limit = limit
	if more, less := together.Stages[Denoising], apart.Stages[Denoising]; !j.apart || less.Private >= more.Private || less.FLOPs != more.FLOPs {
		t.Errorf("apart: %+v, together: %+v", less, more)
	}
	got, err := p.draw(context.Background(), j, apart)
	if err != nil || !bytes.Equal(got.Pix, want.Pix) {
		t.Errorf("apart: another picture; %v", err)
	}
}

// TestSamplersTogether calls a pipeline with every sampler at once, and ends some of the calls early: pictures are what they are alone,
// and calls return in time.
func TestSamplersTogether(t *testing.T) {
	for system, names := range samplerNames {
		p := openFS(t, minis[system], nil)
		var calls sync.WaitGroup
		for _, name := range names {
			r := &Request{Prompt: "a man", Width: 32, Height: 32, Steps: 2, Sampler: name, Seed: 7}
			want := generate(t, p, r)
			calls.Go(func() {
				got, err := p.Generate(context.Background(), r)
				if err != nil || !bytes.Equal(got.(*image.NRGBA).Pix, want.Pix) {
					t.Errorf("%s %s: another picture beside others; %v", system, name, err)
				}
			})
			calls.Go(func() {
				previews := 0
				watched := *r
				watched.Progress = func(p Progress) {
					if p.Preview != nil {
						if _, err := p.Preview(); err != nil {
							t.Errorf("%s %s: preview: %v", system, name, err)
						}
						previews++
					}
				}
				got, err := p.Generate(context.Background(), &watched)
				if err != nil || !bytes.Equal(got.(*image.NRGBA).Pix, want.Pix) || previews != r.Steps {
					t.Errorf("%s %s: another picture with %d previews; %v", system, name, previews, err)
				}
			})
			calls.Go(func() {
				large := *r
				large.Width, large.Height, large.Steps = 1024, 1024, 40
				if late := lateness(t, 50*time.Millisecond, func(ctx context.Context) error {
					_, err := p.Generate(ctx, &large)
					return err
				}); late > 500*time.Millisecond { // TestCancelAnywhere has the limit, of calls that have the machine for themselves
					t.Errorf("%s %s: %v late", system, name, late)
				}
			})
		}
		calls.Wait()
	}
}

// TestSamplersCancelled ends a call with each sampler in its steps.
func TestSamplersCancelled(t *testing.T) {
	for system, names := range samplerNames {
		p := openFS(t, minis[system], nil)
		c, err := p.Encode(context.Background(), &Request{Prompt: "a man"})
		must(t, err)
		for _, name := range names {
			late := time.Hour
			for try := 0; late > 100*time.Millisecond && try < 3; try++ {
				late = lateness(t, 100*time.Millisecond, func(ctx context.Context) error {
					_, err := p.Generate(ctx, &Request{Condition: c, Width: 1024, Height: 1024, Steps: 40, Sampler: name, Guidance: Guidance{Rescale: 0.5}})
					return err
				})
			}
			if late > 100*time.Millisecond && !testing.Short() {
				t.Errorf("%s %s: %v late", system, name, late)
			}
		}
	}
}

// TestZeroSNR draws with a scheduler_config.json of rescaled betas, for a denoiser that predicts velocities: from 4096 or an infinite
// noise level.
func TestZeroSNR(t *testing.T) {
	dir := copyMini(t)
	const scheduler = "scheduler/scheduler_config.json"
	set(scheduler, "prediction_type", "v_prediction")(t, dir)
	set(scheduler, "rescale_betas_zero_snr", true)(t, dir)
	set(scheduler, "timestep_spacing", "trailing")(t, dir)
	p, err := Open(context.Background(), dir, nil)
	must(t, err)
	defer p.Close()
	for _, name := range samplerNames["sdxl"] {
		r := &Request{Prompt: "a man", Width: 32, Height: 32, Steps: 3, Sampler: name}
		_, err := p.Generate(context.Background(), r)
		if lacks := name == "heun" || name == "dpm++2s" || name == "dpm++sde"; (err != nil) != lacks {
			t.Errorf("%s: got %v", name, err)
		}
	}
	resolved, err := p.Resolve(&Request{})
	must(t, err)
	if resolved.Sampler != "euler" || resolved.Guidance.Until != 1 {
		t.Errorf("resolved: %+v", resolved)
	}
}
