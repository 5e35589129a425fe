package faceclip

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A denoising is the run of a sampler from noise to a finished latent. A drawing and a plan do the same with it.
type denoising struct {
	system  *system
	job     *job
	s       *backend.Stream
	trace   *trace
	x       tensor.Tensor   // what the sampler works on
	kept    []tensor.Tensor // what the sampler keeps
	predict sampler.Predict
}

// denoising puts the noise and what the denoiser is told on s, where they stay. Conditions are [negative, positive], or [positive]
// without guidance.
func (sys *system) denoising(s *backend.Stream, t *trace, j *job, conditions []embedding) *denoising {
	d := &denoising{system: sys, job: j, s: s, trace: t}
	if sys.tracesCondition {
		t.conditions(conditions)
	}
	t.schedule(j.schedule)
	d.predict = d.guided(sys.predict(s, j, conditions))
	h, w := j.latents()
	shape := sys.layout.shape(h, w)
	d.x = s.Table(func(dst []float32) { d.noise(dst, h, w) }, shape...)
	for range j.sampler.Kept() {
		d.kept = append(d.kept, s.NewOf(tensor.F32, shape...))
	}
	t.stage(s, d.x, "latent.%02d", 0)
	return d
}

// noise stores the latent before the first step: noise that is drawn in bfloat16 in the order [C, h, w].
func (d *denoising) noise(dst []float32, h, w int) {
	c, scale := d.system.layout.channels, d.job.sampler.InitScale(&d.job.schedule)
	for at, noise := range sampler.NormalPieces(d.job.Seed, c*h*w, tensor.BF16) {
		if d.s.Stopped() {
			return
		}
		d.system.layout.pack(dst, at, noise, h, w, scale)
	}
	if d.trace.shows() {
		d.trace.values(sampler.Normal(d.job.Seed, c*h*w, tensor.BF16), "noise", 1, c, h, w)
	}
}

// guided returns the prediction that guidance makes of the denoiser's for each condition: away from the negative one.
func (d *denoising) guided(predict func(x tensor.Tensor, at sampler.At) []tensor.Tensor) sampler.Predict {
	scale, output := d.job.Guidance.Scale, d.system.output
	return func(dst, x tensor.Tensor, at sampler.At) {
		defer d.s.Release(d.s.Mark())
		outputs := predict(x, at)
		negative, positive := outputs[0], outputs[len(outputs)-1]
		if d.job.guided() {
			d.s.Lincomb(dst, scale, positive, 1-scale, negative)
		} else {
			d.s.Copy(dst, positive)
		}
		if at.Step == 0 && d.job.guided() {
			d.trace.stage(d.s, negative, "%s_negative.%02d", output, at.Step)
		}
		if at.Step == 0 && (d.job.guided() || d.system.tracesPositive) {
			d.trace.stage(d.s, positive, "%s_positive.%02d", output, at.Step)
		}
		d.trace.stage(d.s, dst, "%s.%02d", output, at.Step)
	}
}

// run takes the steps one after another, each by a call of do, until one of them fails.
func (d *denoising) run(do func(i int, step func()) error) error {
	for i := range d.job.Steps {
		err := do(i, func() {
			d.job.sampler.Step(d.s, d.x, d.kept, &d.job.schedule, i, d.predict)
			d.trace.stage(d.s, d.x, "latent.%02d", i+1)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// preview decodes what x heads for after step i, shrunk, to pixels [1, height, width, 3].
func (d *denoising) preview(i int) tensor.Tensor {
	clean := d.s.Floats(d.job.sampler.Clean(d.s, d.x, d.kept, &d.job.schedule, i))
	h, w := d.job.latents()
	rows, cols := shrunk(h, w, previewSide)
	small := d.s.Table(func(dst []float32) {
		clear(dst)
		d.system.layout.eachRow(d.s, clean, h, w, func(y int, row []float32) { addShrunk(dst, rows, cols, row, y, h, w) })
	}, 1, rows, cols, d.system.layout.channels)
	return d.system.decode(d.s, nil, small)
}
