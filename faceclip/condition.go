package faceclip

import (
	"cmp"
	"context"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Condition is a face, a prompt and a negative prompt, encoded. It serves any number of requests to the pipeline that
// made it, with any guidance.
type Condition struct {
	owner              *Pipeline
	negative, positive embedding
}

// An embedding is a prompt and a face, encoded, in host memory.
type embedding struct {
	fused  tensor.Tensor // F32 [1, T, D]
	pooled tensor.Tensor // F32 [1, P]
}

// used returns what the denoiser takes: the negative first, if it is used.
func (c *Condition) used(j *job) []embedding {
	if j.guided() {
		return []embedding{c.negative, c.positive}
	}
	return []embedding{c.positive}
}

// Encode encodes the face, the prompt and the negative prompt of r, for [Request.Condition].
func (p *Pipeline) Encode(ctx context.Context, r *Request) (*Condition, error) {
	j, err := p.resolve(ctx, r)
	if err != nil {
		return nil, wrap(ctx, err)
	}
	if j.Condition != nil {
		return j.Condition, nil
	}
	plan := p.stagePlan(Encoding, p.encodingCost(ctx, j, true))
	if err := cmp.Or(ctx.Err(), p.afford(plan.Private, plan.Device)); err != nil {
		return nil, wrap(ctx, err)
	}
	if err := p.lookAt(ctx, j); err != nil {
		return nil, wrap(ctx, err)
	}
	var c *Condition
	err = p.exclusively(ctx, func() error {
		c, err = p.encode(ctx, plan, j, newTrace(j), true)
		return err
	})
	return c, err
}

// encode encodes the positive prompt, and the negative one if asked to.
func (p *Pipeline) encode(ctx context.Context, stage StagePlan, j *job, t *trace, negative bool) (*Condition, error) {
	c, nobody := &Condition{owner: p}, [][]float32{black(p.system.faceSize)}
	err := p.run(ctx, stage, func(s *backend.Stream) error {
		if negative {
			if err := p.encodeOne(ctx, s, t.under("negative."), j.negative, nobody, &c.negative); err != nil {
				return err
			}
		}
		faces := j.faces
		if len(faces) == 0 {
			faces = nobody
		}
		return p.encodeOne(ctx, s, t.under("positive."), j.positive, faces, &c.positive)
	})
	t.under("")
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (p *Pipeline) encodeOne(ctx context.Context, s *backend.Stream, t *trace, text tokens, faces [][]float32, e *embedding) error {
	err := p.do(ctx, s, Encoding, func() {
		fused, pooled := p.system.encode(s, t, text, faces)
		e.fused = tensor.FromFloat32s(s.Floats(fused), fused.Shape()...)
		e.pooled = tensor.FromFloat32s(s.Floats(pooled), pooled.Shape()...)
	})
	if err != nil {
		return err
	}
	return t.err
}
