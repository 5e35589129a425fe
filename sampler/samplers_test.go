package sampler

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A reference is a run of a scheduler of diffusers, written by tools/goldens/samplers.py.
type reference struct {
	Config            json.RawMessage
	Sampler, Schedule string
	Steps, Tokens     int
	Seed              int64
	Timesteps, Sigmas []float32
	Init              float32
	First             []float32 // latents after the first step
	Middle            []float32
	Last              []float32
}

// tolerated is what latents may differ from the reference's, relative to the largest.
const tolerated = 1e-4

// TestSamplers takes the steps that diffusers takes, with a network that is one formula.
func TestSamplers(t *testing.T) {
	var golden struct{ Diffusion, Flow []reference }
	load(t, "samplers.json", &golden)
	worst := 0.0
	for _, want := range golden.Diffusion {
		c, err := config(t, string(want.Config)).As(want.Sampler)
		if err == nil {
			c, err = c.Spaced(want.Schedule)
		}
		if err != nil {
			t.Fatal(err)
		}
		sch, err := c.Schedule(want.Steps)
		if err != nil {
			t.Fatal(err)
		}
		worst = max(worst, want.compare(t, &sch, c.Sampler(want.Steps)))
	}
	for _, want := range golden.Flow {
		c, err := flowConfig(t, string(want.Config)).As(want.Sampler)
		if err == nil {
			c, err = c.Spaced(want.Schedule)
		}
		if err != nil {
			t.Fatal(err)
		}
		sch, err := c.Schedule(want.Steps, want.Tokens)
		if err != nil {
			t.Fatal(err)
		}
		worst = max(worst, want.compare(t, &sch, c.Sampler(want.Steps)))
	}
	t.Logf("%d runs, latents differ by at most %.2g", len(golden.Diffusion)+len(golden.Flow), worst)
}

// compare returns how much the latents differ at most.
func (want reference) compare(t *testing.T, sch *Schedule, s Sampler) float64 {
	t.Helper()
	name := want.Sampler + " " + want.Schedule + " of " + string(want.Config)
	if d := farthest(sch.Timesteps, want.Timesteps); d > 1e-6 {
		t.Errorf("%s: %d steps: timesteps %v, want %v", name, want.Steps, sch.Timesteps, want.Timesteps)
	}
	if len(want.Sigmas) > 0 {
		if d := farthest(sch.Sigmas, want.Sigmas); d > 1e-6 {
			t.Errorf("%s: %d steps: sigmas %v, want %v", name, want.Steps, sch.Sigmas, want.Sigmas)
		}
	}
	if relative(sch.InitScale, want.Init) > tolerance {
		t.Errorf("%s: initial scale %v, want %v", name, sch.InitScale, want.Init)
	}
	latents, worst := runAll(t, sch, s, want.Seed, len(want.Last)), 0.0
	for place, v := range map[int][]float32{0: want.First, (len(latents) - 1) / 2: want.Middle, len(latents) - 1: want.Last} {
		d := farthest(latents[place], v)
		if worst = max(worst, d); !(d <= tolerated) {
			t.Errorf("%s: %d steps: after step %d: differs by %.2g: %v, want %v", name, want.Steps, place, d, latents[place], v)
		}
	}
	return worst
}

// farthest returns the largest difference, relative to the largest value; NaN where lengths differ.
func farthest(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.NaN()
	}
	largest, d := 0.0, 0.0
	for i, w := range want {
		largest, d = max(largest, math.Abs(float64(w))), max(d, math.Abs(float64(got[i])-float64(w)))
	}
	return d / largest
}

// runAll returns the latents after all steps.
func runAll(t *testing.T, sch *Schedule, s Sampler, seed int64, n int) (latents [][]float32) {
	t.Helper()
	stream, err := backend.NewStream(backendtest.Reference(), backend.Types{Act: tensor.F32}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	stream.Poison = true
	g := NewGenerator(seed, Torch26)
	put := func(dt tensor.DType, scale float32) Tensor {
		v := g.Normal(n, dt)
		for i := range v {
			v[i] *= scale
		}
		return stream.Put(v, n)
	}
	r := &Run{Stream: stream, Schedule: sch, X: put(tensor.BF16, sch.InitScale), Noise: func(dt tensor.DType) Tensor { return put(dt, 1) }}
	for range s.Kept() {
		r.Kept = append(r.Kept, stream.New(n))
	}
	calls := 0
	r.Predict = func(dst, x Tensor, at At) {
		calls++
		v := stream.Floats(x)
		for i, x := range v {
			z := float64(x * at.Scale)
			v[i] = float32(math.Tanh(z+math.Cos(float64(i))) * (0.5 + float64(at.T)/2000))
		}
		stream.Copy(dst, stream.Put(v, n))
	}
	for i := range sch.Timesteps {
		mark := stream.Mark()
		calls = 0
		s.Step(r, i)
		if want := s.Calls(sch, i); calls != want {
			t.Errorf("%T: step %d asks %d times, not %d", s, i, calls, want)
		}
		latents = append(latents, stream.Floats(r.X))
		if clean := stream.Floats(s.Clean(r, i)); !tensor.Finite(clean) {
			t.Errorf("%T: step %d heads for %v", s, i, clean)
		}
		stream.Release(mark)
	}
	return latents
}
