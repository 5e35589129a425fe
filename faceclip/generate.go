package faceclip

import (
	"context"
	"errors"
	"image"
	"sync"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Generate draws what r asks for. The picture is an *image.NRGBA of the requested size.
func (p *Pipeline) Generate(ctx context.Context, r *Request) (image.Image, error) {
	j, plan, err := p.prepare(ctx, r)
	if err != nil {
		return nil, wrap(ctx, err)
	}
	var img *image.NRGBA
	err = p.exclusively(ctx, func() (err error) {
		img, err = p.draw(ctx, j, plan)
		return err
	})
	if err != nil {
		return nil, err
	}
	return img, nil
}

// draw generates as planned.
func (p *Pipeline) draw(ctx context.Context, j *job, plan Plan) (_ *image.NRGBA, err error) {
	began := time.Now()
	p.logPlan(ctx, j, plan)
	defer func() { p.logEnd(ctx, time.Since(began), err) }()
	t, watch := newTrace(j), startClock(j, plan)
	c := j.Condition
	if c == nil {
		watch.report(Progress{Stage: Encoding})
		if c, err = p.encode(ctx, plan.Stages[Encoding], j, t, func() {}); err != nil {
			return nil, err
		}
	}
	latent, err := p.denoise(ctx, plan.Stages[Denoising], j, t, watch, c)
	if err != nil {
		return nil, err
	}
	watch.report(Progress{Stage: Decoding, Step: j.Steps})
	img, err := p.decode(ctx, plan.Stages[Decoding], j, t, latent)
	if err != nil {
		return nil, err
	}
	watch.report(Progress{Stage: Done, Step: j.Steps})
	return img, nil
}

// denoise returns the finished latent as the sampler leaves it.
func (p *Pipeline) denoise(ctx context.Context, stage StagePlan, j *job, t *trace, watch *clock, c *Condition) (latent []float32, err error) {
	err = p.run(ctx, stage, func(s *backend.Stream) error {
		var d *denoising
		if err := s.Keep(ctx, func() { d = p.system.denoising(s, t, j, c.used(j)) }); err != nil {
			return err
		}
		watch.report(Progress{Stage: Denoising})
		err := d.steps(func(i int, step func()) error {
			if err := p.do(ctx, s, Denoising, step); err != nil {
				return err
			}
			if t.err != nil {
				return t.err
			}
			preview := previewer{ctx: ctx, pipeline: p, denoising: d, step: i}
			defer preview.close()
			watch.report(Progress{Stage: Denoising, Step: i + 1, Preview: preview.draw})
			return nil
		})
		if err != nil {
			return err
		}
		return s.Do(ctx, func() {
			t.stage(s, d.run.X, "latent")
			latent = s.Floats(d.run.X)
		})
	})
	return latent, err
}

// do runs f, which uses the weights of a stage, within Do. It fails if they are not what they were when they were opened. All that
// uses weights goes this way.
func (p *Pipeline) do(ctx context.Context, s *backend.Stream, stage Stage, f func()) error {
	return p.system.parts[stage].Checkpoint.Guard(func() error { return s.Do(ctx, f) })
}

// A previewer draws previews after a step, one at a time, until the callback that it is for has ended.
type previewer struct {
	ctx      context.Context
	pipeline *Pipeline
	mu       sync.Mutex
	closed   bool
	*denoising
	step int
}

func (v *previewer) draw() (image.Image, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, errors.New("faceclip: Progress.Preview is called after the callback that it was given to")
	}
	var img *image.NRGBA
	err := v.pipeline.do(v.ctx, v.s, Decoding, func() { img = toImage(v.s, v.preview(v.step)) })
	if err != nil {
		return nil, wrap(v.ctx, err)
	}
	return img, nil
}

func (v *previewer) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
}

// decode returns the picture of a finished latent.
func (p *Pipeline) decode(ctx context.Context, stage StagePlan, j *job, t *trace, latent []float32) (*image.NRGBA, error) {
	var img *image.NRGBA
	h, w := j.latents()
	err := p.run(ctx, stage, func(s *backend.Stream) error {
		return p.do(ctx, s, Decoding, func() { img = toImage(s, p.system.decode(s, t, p.system.layout.put(s, latent, h, w))) })
	})
	if err == nil {
		err = t.err
	}
	if err != nil {
		return nil, err
	}
	if t.shows() {
		t.show(tensor.FromBytes(opaque(img), img.Rect.Dy(), img.Rect.Dx(), 3), "image")
	}
	return img, nil
}
