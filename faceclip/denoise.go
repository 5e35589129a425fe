package faceclip

import (
	"fmt"
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A denoising is the run of a sampler from noise to a finished latent. A drawing and a plan do the same with it.
type denoising struct {
	system    *system
	job       *job
	s         *backend.Stream
	trace     *trace
	generator *sampler.Generator
	run       sampler.Run
}

// denoising puts the noise and what the denoiser is told on s, where they stay. Conditions are [negative, positive], or [positive]
// without guidance.
func (sys *system) denoising(s *backend.Stream, t *trace, j *job, conditions []embedding) *denoising {
	d := &denoising{system: sys, job: j, s: s, trace: t, generator: sampler.NewGenerator(j.Seed, sampler.Torch(j.Noise))}
	if sys.tracesCondition {
		t.conditions(conditions)
	}
	t.schedule(j.schedule)
	d.run = sampler.Run{Stream: s, Schedule: &j.schedule, Predict: d.guided(sys.predict(s, j, conditions))}
	h, w := j.latents()
	shape := sys.layout.shape(h, w)
	d.run.X = d.noise("noise", j.schedule.InitScale, tensor.BF16)
	for range j.sampler.Kept() {
		d.run.Kept = append(d.run.Kept, s.NewOf(tensor.F32, shape...))
	}
	d.run.Noise = func(dt tensor.DType) tensor.Tensor { return d.noise("", 1, dt) }
	t.stage(s, d.run.X, "latent.%02d", 0)
	return d
}

// noise returns noise that is drawn in a type, in the order [C, h, w], times scale. A trace has it by a name, unless that is empty.
func (d *denoising) noise(name string, scale float32, dt tensor.DType) tensor.Tensor {
	h, w := d.job.latents()
	c := d.system.layout.channels
	var drawn []float32
	x := d.s.Table(func(dst []float32) {
		if name != "" && d.trace.shows() {
			drawn = make([]float32, c*h*w)
		}
		for at, noise := range d.generator.Pieces(c*h*w, dt) {
			if d.s.Stopped() {
				return
			}
			d.system.layout.pack(dst, at, noise, h, w, scale)
			if drawn != nil {
				copy(drawn[at:], noise)
			}
		}
	}, d.system.layout.shape(h, w)...)
	if drawn != nil && !d.s.Stopped() {
		d.trace.values(drawn, name, 1, c, h, w)
	}
	return x
}

// guided returns the prediction that guidance makes of the denoiser's for each condition: away from the negative one.
func (d *denoising) guided(predict prediction) sampler.Predict {
	return func(dst, x tensor.Tensor, at sampler.At) {
		defer d.s.Release(d.s.Mark())
		guides, first := d.job.guides(at.Step), 0
		if d.job.guided() && !guides {
			first = 1
		}
		outputs := predict(x, at, first)
		negative, positive := outputs[0], outputs[len(outputs)-1]
		if guides {
			scale := d.job.Guidance.Scale
			d.s.Lincomb(dst, scale, positive, 1-scale, negative)
			d.rescale(dst, positive)
		} else {
			d.s.Copy(dst, positive)
		}
		d.show(at, negative, positive, dst, guides)
	}
}

// rescale takes back some of the contrast that guidance has added to the prediction for the positive condition.
func (d *denoising) rescale(guided, positive tensor.Tensor) {
	phi := float64(d.job.Guidance.Rescale)
	if phi == 0 {
		return
	}
	now, before := d.deviation(guided), d.deviation(positive)
	if now == 0 { // also where nothing is computed
		return
	}
	d.s.Lincomb(guided, float32(phi*before/now+1-phi), guided, 0, guided)
}

// deviation returns the standard deviation of the elements of x.
func (d *denoising) deviation(x tensor.Tensor) float64 {
	sum, squares, n := 0.0, 0.0, float64(x.Len())
	eachPiece(d.s, x, func(_ int, values []float32) {
		for _, v := range values {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
	})
	return math.Sqrt(max(0, squares/n-sum/n*(sum/n)))
}

// show gives a trace what the denoiser has made, and what guidance has made of it.
func (d *denoising) show(at sampler.At, negative, positive, guided tensor.Tensor, guides bool) {
	output := d.system.output
	if at.Step == 0 && at.Call == 0 && guides {
		d.trace.stage(d.s, negative, "%s_negative.%02d", output, at.Step)
	}
	if at.Step == 0 && at.Call == 0 && (guides || d.system.tracesPositive) {
		d.trace.stage(d.s, positive, "%s_positive.%02d", output, at.Step)
	}
	if at.Call > 0 {
		output = fmt.Sprintf("%s_%d", output, at.Call+1)
	}
	d.trace.stage(d.s, guided, "%s.%02d", output, at.Step)
}

// steps takes the steps one after another, each by a call of do, until one of them fails.
func (d *denoising) steps(do func(i int, step func()) error) error {
	for i := range d.job.Steps {
		err := do(i, func() {
			d.job.sampler.Step(&d.run, i)
			d.trace.stage(d.s, d.run.X, "latent.%02d", i+1)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// preview decodes what x heads for after step i, shrunk, to pixels [1, height, width, 3].
func (d *denoising) preview(i int) tensor.Tensor {
	clean := d.s.Floats(d.job.sampler.Clean(&d.run, i))
	h, w := d.job.latents()
	rows, cols := shrunk(h, w, previewSide)
	small := d.s.Table(func(dst []float32) {
		clear(dst)
		d.system.layout.eachRow(d.s, clean, h, w, func(y int, row []float32) { addShrunk(dst, rows, cols, row, y, h, w) })
	}, 1, rows, cols, d.system.layout.channels)
	return d.system.decode(d.s, nil, small)
}
