package faceclip

import (
	"context"

	"github.com/faceclip-go/faceclip-go/backend"
)

// A Condition is a face, a prompt and a negative prompt, encoded. It serves any number of requests to the pipeline that
// made it, with any guidance.
type Condition struct {
	owner              *Pipeline
	negative, positive embedding
}

// Encode encodes the face, the prompt and the negative prompt of r, for [Request.Condition].
func (p *Pipeline) Encode(ctx context.Context, r *Request) (*Condition, error) {
	j, err := p.resolve(r)
	if err != nil {
		return nil, err
	}
	if j.Condition != nil {
		return j.Condition, nil
	}
	var c *Condition
	err = p.exclusively(ctx, func() error {
		plan := p.stagePlan(Encoding, p.encodingCost(j))
		if err := p.afford(plan.Private); err != nil {
			return err
		}
		if err := j.lookAt(ctx, p.net.faceSize()); err != nil {
			return err
		}
		c, err = p.encode(ctx, plan, j, newTrace(r), true)
		return err
	})
	return c, err
}

// encode encodes the positive prompt, and the negative one if asked to.
func (p *Pipeline) encode(ctx context.Context, stage StagePlan, j *job, t *trace, negative bool) (*Condition, error) {
	c := &Condition{owner: p}
	err := p.run(stage, func(s *backend.Stream) error {
		if negative {
			if err := p.encodeOne(ctx, s, t.under("negative."), j.negative, nil, &c.negative); err != nil {
				return err
			}
		}
		return p.encodeOne(ctx, s, t.under("positive."), j.Prompt, j.faces, &c.positive)
	})
	t.under("")
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (p *Pipeline) encodeOne(ctx context.Context, s *backend.Stream, t *trace, prompt string, faces [][]float32, e *embedding) error {
	if err := s.Do(ctx, func() { *e = p.net.encode(s, t, prompt, faces) }); err != nil {
		return err
	}
	return t.err
}
