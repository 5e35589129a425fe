package sampler

import (
	"fmt"
	"math"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestPublished has the sums and means that the tests of diffusers 0.33.1 expect of whole runs (tests/schedulers, test_full_loop_*): ten
// steps with a network that returns x·t/(t+1). There the latent that is scaled for the network takes the place of the latent.
func TestPublished(t *testing.T) {
	const linear, scaled = `"beta_start":0.0001,"beta_end":0.02,"beta_schedule":"linear"`, `"beta_start":0.00085,"beta_end":0.012,"beta_schedule":"scaled_linear"`
	const ends = `"lower_order_final":false,"final_sigmas_type":"sigma_min"`
	for _, c := range []struct {
		class, fields string
		sum, mean     float64 // 0: not published
	}{
		{"EulerDiscreteScheduler", `"num_train_timesteps":1100,` + linear, 10.0807, 0.0131},
		{"EulerDiscreteScheduler", `"num_train_timesteps":1100,"use_karras_sigmas":true,` + linear, 124.5230, 0.1621},
		{"EulerAncestralDiscreteScheduler", `"num_train_timesteps":1100,` + linear, 152.3192, 0.1983},
		{"HeunDiscreteScheduler", `"num_train_timesteps":1100,` + linear, 0.1233, 0.0002},
		{"DPMSolverMultistepScheduler", linear + "," + ends, 0, 0.3301},
		{"DPMSolverMultistepScheduler", linear + "," + ends + `,"prediction_type":"v_prediction"`, 0, 0.2251},
		{"DPMSolverMultistepScheduler", linear + "," + ends + `,"prediction_type":"v_prediction","use_karras_sigmas":true`, 0, 0.2096},
		{"UniPCMultistepScheduler", linear + `,"final_sigmas_type":"sigma_min"`, 0, 0.2464},
		{"DDIMScheduler", linear + `,"clip_sample":false`, 172.0067, 0.223967},
		{"LCMScheduler", scaled, 197.7616, 0.2575},
	} {
		d := config(t, fmt.Sprintf(`{"_class_name":%q,%s}`, c.class, c.fields))
		sch, err := d.Schedule(10)
		if err != nil {
			t.Fatal(err)
		}
		sum := runPublished(t, &sch, d.Sampler(10))
		if mean := sum / elements; c.sum != 0 && math.Abs(sum-c.sum) > 1e-2 || math.Abs(mean-c.mean) > 1e-3 {
			t.Errorf("%s, %s: sum %.4f, mean %.4f; want %.4f, %.4f", c.class, c.fields, sum, mean, c.sum, c.mean)
		}
	}
}

// elements are those of the latents [4, 3, 8, 8] in the tests of diffusers.
const elements = 4 * 3 * 8 * 8

// runPublished returns the sum of magnitudes at the end.
func runPublished(t *testing.T, sch *Schedule, s Sampler) (sum float64) {
	t.Helper()
	stream, err := backend.NewStream(backendtest.Reference(), backend.Types{Act: tensor.F32}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	x := make([]float32, elements)
	for i := range x {
		x[i] = float32(i%192*4+i/192) / elements * sch.InitScale // the batch is innermost
	}
	g := NewGenerator(0, Torch26)
	r := &Run{Stream: stream, Schedule: sch, X: stream.Put(x, elements)}
	r.Noise = func(tensor.DType) Tensor { return stream.Put(g.Normal(elements, tensor.F32), elements) } // that of their latents
	for range s.Kept() {
		r.Kept = append(r.Kept, stream.New(elements))
	}
	r.Predict = func(dst, x Tensor, at At) {
		scale := at.T / (at.T + 1)
		if at.Call > 0 {
			scale *= at.Scale
		}
		stream.Lincomb(dst, scale, x, 0, x)
	}
	for i := range sch.Timesteps {
		mark := stream.Mark()
		stream.Lincomb(r.X, sch.at(i, 0).Scale, r.X, 0, r.X)
		s.Step(r, i)
		stream.Release(mark)
	}
	for _, v := range stream.Floats(r.X) {
		sum += math.Abs(float64(v))
	}
	return sum
}
