package flux

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// projections make queries, keys and values of the tokens. Queries and keys are normalised, each head by itself.
type projections struct {
	q, k, v      nn.Linear
	normQ, normK nn.RMSNorm
}

// newProjections makes those of the image, or of all tokens of a singleBlock.
func newProjections(p nn.Params, c Config) projections {
	d := c.Width()
	return projections{
		q:     p.Linear("attn.to_q", d, d),
		k:     p.Linear("attn.to_k", d, d),
		v:     p.Linear("attn.to_v", d, d),
		normQ: p.RMSNorm("attn.norm_q", c.HeadWidth, eps),
		normK: p.RMSNorm("attn.norm_k", c.HeadWidth, eps),
	}
}

// tokens are the queries, keys and values of some tokens, each [1, L, D].
type tokens struct{ q, k, v Tensor }

// rows returns those of the tokens lo to hi.
func (t tokens) rows(lo, hi int) tokens {
	return tokens{t.q.Slice(1, lo, hi), t.k.Slice(1, lo, hi), t.v.Slice(1, lo, hi)}
}

// into stores those of h [1, L, D].
func (p *projections) into(s *backend.Stream, t tokens, h Tensor, heads int) {
	p.q.Into(s, t.q, h)
	p.k.Into(s, t.k, h)
	p.v.Into(s, t.v, h)
	p.normQ.InPlace(s, t.q.Heads(heads))
	p.normK.InPlace(s, t.k.Heads(heads))
}

// attend turns queries and keys by the positions of their tokens and returns the attention [1, L, D]. A zero dst is
// allocated.
func (t tokens) attend(s *backend.Stream, dst Tensor, heads int, r Rotation) Tensor {
	s.Rope(t.q.Heads(heads), r.Cos, r.Sin)
	s.Rope(t.k.Heads(heads), r.Cos, r.Sin)
	return nn.Attention{Heads: heads}.Into(s, dst, t.q, t.k, t.v)
}
