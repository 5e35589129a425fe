package faceclip

import (
	"cmp"
	"context"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Condition is a face, a prompt and a negative prompt, encoded. It serves any number of requests to the pipeline that
// made it, with any guidance; one that was made for guidance without a negative prompt has none, and serves such requests.
type Condition struct {
	owner              *Pipeline
	negative, positive embedding // the former is empty where it is not used
	prompt             string
	negativePrompt     string
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

// Encode encodes the face, the prompt and, if the guidance and the steps of r make use of it, the negative prompt, for
// [Request.Condition].
func (p *Pipeline) Encode(ctx context.Context, r *Request) (*Condition, error) {
	j, err := p.resolve(ctx, r)
	if err != nil {
		return nil, wrap(ctx, err)
	}
	if j.Condition != nil {
		return j.Condition, nil
	}
	plan := p.stagePlan(Encoding, p.encodingCost(ctx, j))
	if err := cmp.Or(ctx.Err(), p.afford(plan.Private, plan.Device)); err != nil {
		return nil, wrap(ctx, err)
	}
	if err := p.lookAt(ctx, j); err != nil {
		return nil, wrap(ctx, err)
	}
	var c *Condition
	err = p.exclusively(ctx, func() error {
		watch := startCounter(j)
		watch.report(Encoding)
		if c, err = p.encode(ctx, plan, j, newTrace(j), watch.step); err == nil {
			watch.report(Done)
		}
		return err
	})
	return c, err
}

// encode encodes the negative prompt, if it is used, and the positive one. It calls done between the two.
func (p *Pipeline) encode(ctx context.Context, stage StagePlan, j *job, t *trace, done func()) (*Condition, error) {
	c := &Condition{owner: p, prompt: j.Prompt, negativePrompt: *j.Guidance.Negative}
	nobody := [][]float32{black(p.system.faceSize)}
	err := p.run(ctx, stage, func(s *backend.Stream) error {
		if j.guided() {
			if err := p.encodeOne(ctx, s, t.under("negative."), j.negative, nobody, &c.negative); err != nil {
				return err
			}
			done()
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
