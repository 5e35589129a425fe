package faceclip

import (
	"context"
	"image"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Generate draws what r asks for. The picture is an *image.NRGBA of the requested size.
func (p *Pipeline) Generate(ctx context.Context, r *Request) (image.Image, error) {
	j, err := p.resolve(r)
	if err != nil {
		return nil, err
	}
	var img *image.NRGBA
	err = p.exclusively(ctx, func() (err error) {
		img, err = p.generate(ctx, j)
		return err
	})
	if err != nil {
		return nil, err
	}
	return img, nil
}

func (p *Pipeline) generate(ctx context.Context, j *job) (*image.NRGBA, error) {
	plan, err := p.plan(j)
	if err != nil {
		return nil, err
	}
	if err := p.afford(plan.Private); err != nil {
		return nil, err
	}
	return p.draw(ctx, j, plan)
}

// draw generates as planned.
func (p *Pipeline) draw(ctx context.Context, j *job, plan Plan) (_ *image.NRGBA, err error) {
	t, clock := newTrace(j.Request), startClock(j, plan)
	c := j.Condition
	if c == nil {
		clock.report(Progress{Stage: Encoding})
		if err := j.lookAt(ctx, p.net.faceSize()); err != nil {
			return nil, err
		}
		if c, err = p.encode(ctx, plan.Stages[Encoding], j, t, j.guided()); err != nil {
			return nil, err
		}
	}
	latent, err := p.denoise(ctx, plan.Stages[Denoising], j, t, clock, c)
	if err != nil {
		return nil, err
	}
	clock.report(Progress{Stage: Decoding, Step: j.steps})
	img, err := p.decode(ctx, plan.Stages[Decoding], t, latent)
	if err != nil {
		return nil, err
	}
	clock.report(Progress{Stage: Done, Step: j.steps})
	return img, nil
}

// conditions returns what the denoiser takes: the negative first, if it is used.
func (c *Condition) conditions(j *job) []embedding {
	if j.guided() {
		return []embedding{c.negative, c.positive}
	}
	return []embedding{c.positive}
}

// denoise returns the finished latent [1, h, w, C] in host memory.
func (p *Pipeline) denoise(ctx context.Context, stage StagePlan, j *job, t *trace, clock *clock, c *Condition) (tensor.Tensor, error) {
	var latent tensor.Tensor
	err := p.run(stage, func(s *backend.Stream) error {
		run, err := p.net.denoiser(s, t, j, c.conditions(j))
		if err != nil {
			return err
		}
		x := s.Put(run.start(t), run.shape()...)
		d := s.New(run.shape()...)
		t.stage(s, x, "latent.%02d", 0)
		clock.report(Progress{Stage: Denoising})
		sigmas := run.schedule().Sigmas
		for i := range j.steps {
			err := s.Do(ctx, func() {
				s.Copy(d, run.derivative(s, t, x, i))
				sampler.Euler(s, x, d, sigmas[i], sigmas[i+1])
				t.stage(s, x, "latent.%02d", i+1)
			})
			if err == nil {
				err = t.err
			}
			if err != nil {
				return err
			}
			clock.report(Progress{
				Stage: Denoising, Step: i + 1,
				Preview: func() (image.Image, error) { return p.preview(ctx, s, run, x, d, sigmas[i+1]) },
			})
		}
		t.stage(s, x, "latent")
		latent = run.latent(tensor.FromFloat32s(s.Floats(x), x.Shape()...))
		return ctx.Err()
	})
	return latent, err
}

// decode returns the picture of a finished latent.
func (p *Pipeline) decode(ctx context.Context, stage StagePlan, t *trace, latent tensor.Tensor) (*image.NRGBA, error) {
	var img *image.NRGBA
	err := p.run(stage, func(s *backend.Stream) error {
		return s.Do(ctx, func() { img = p.paint(s, t, latent) })
	})
	if err == nil {
		err = t.err
	}
	if err != nil {
		return nil, err
	}
	if t.observe != nil {
		t.host(tensor.FromBytes(opaque(img), img.Rect.Dy(), img.Rect.Dx(), 3), "image")
	}
	return img, nil
}

// paint decodes a latent of the host.
func (p *Pipeline) paint(s *backend.Stream, t *trace, latent tensor.Tensor) *image.NRGBA {
	pixels := p.net.decode(s, t, s.Put(tensor.Float32s(latent), latent.Shape()...))
	return picture(s.Floats(pixels), pixels.Dim(2), pixels.Dim(1))
}
