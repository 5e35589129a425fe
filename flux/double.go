package flux

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// A doubleBlock keeps weights of their own for image and text, which share one attention.
type doubleBlock struct {
	number      int
	heads       int
	image, text stream
}

// A stream is the part of a doubleBlock that belongs to the image or to the text.
type stream struct {
	projections
	modulation nn.Linear
	out        nn.Linear
	up, down   nn.Linear
}

// projections make queries, keys and values of the tokens. Queries and keys are normalised, each head by itself.
type projections struct {
	q, k, v      nn.Linear
	normQ, normK nn.RMSNorm
}

// into stores those of h [1, L, D] in q, k and v [1, L, D].
func (p *projections) into(s *backend.Stream, q, k, v, h Tensor, heads int) {
	p.q.Into(s, q, h)
	p.k.Into(s, k, h)
	p.v.Into(s, v, h)
	p.normQ.InPlace(s, q.Heads(heads))
	p.normK.InPlace(s, k.Heads(heads))
}

func newDoubleBlock(p nn.Params, c Config) doubleBlock {
	p, number := p.Block()
	d := c.Width()
	return doubleBlock{
		number: number,
		heads:  c.Heads,
		image: stream{
			modulation:  p.Linear("norm1.linear", d, 6*d),
			projections: newProjections(p, c),
			out:         p.Linear("attn.to_out.0", d, d),
			up:          p.Linear("ff.net.0.proj", d, 4*d).With(backend.GELUTanh),
			down:        p.Linear("ff.net.2", 4*d, d),
		},
		text: stream{
			modulation: p.Linear("norm1_context.linear", d, 6*d),
			projections: projections{
				q:     p.Linear("attn.add_q_proj", d, d),
				k:     p.Linear("attn.add_k_proj", d, d),
				v:     p.Linear("attn.add_v_proj", d, d),
				normQ: p.RMSNorm("attn.norm_added_q", c.HeadWidth, eps),
				normK: p.RMSNorm("attn.norm_added_k", c.HeadWidth, eps),
			},
			out:  p.Linear("attn.to_add_out", d, d),
			up:   p.Linear("ff_context.net.0.proj", d, 4*d).With(backend.GELUTanh),
			down: p.Linear("ff_context.net.2", 4*d, d),
		},
	}
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

// forward updates image [1, N, D] and text [1, T, D] in place, for the condition c [1, D].
func (b *doubleBlock) forward(s *backend.Stream, image, text, c Tensor, cond Condition) {
	defer s.Release(s.Mark())
	s.Block(b.number)
	mi, mt := parts(b.image.modulation.Forward(s, c), 6), parts(b.text.modulation.Forward(s, c), 6)
	b.attend(s, image, text, mi, mt, cond)
	b.image.feedForward(s, image, mi)
	b.text.feedForward(s, text, mt)
}

// attend adds the joint attention to image and text.
func (b *doubleBlock) attend(s *backend.Stream, image, text Tensor, mi, mt []Tensor, cond Condition) {
	defer s.Release(s.Mark())
	n, d := text.Dim(1), text.Dim(2)
	all := n + image.Dim(1)
	q, k, v := s.New(1, all, d), s.New(1, all, d), s.New(1, all, d)
	for _, part := range []struct {
		*stream
		x      Tensor
		m      []Tensor
		lo, hi int
	}{{&b.text, text, mt, 0, n}, {&b.image, image, mi, n, all}} {
		part.project(s, part.x, part.m, q.Slice(1, part.lo, part.hi), k.Slice(1, part.lo, part.hi), v.Slice(1, part.lo, part.hi), b.heads)
	}
	o := attend(s, Tensor{}, q, k, v, b.heads, cond)
	b.image.out.AddTo(s, image, o.Slice(1, n, all), mi[2])
	b.text.out.AddTo(s, text, o.Slice(1, 0, n), mt[2])
}

// project fills the rows of q, k and v that belong to the tokens x.
func (p *stream) project(s *backend.Stream, x Tensor, m []Tensor, q, k, v Tensor, heads int) {
	defer s.Release(s.Mark())
	p.into(s, q, k, v, modulate(s, x, m[0], m[1]), heads)
}

func (p *stream) feedForward(s *backend.Stream, x Tensor, m []Tensor) {
	defer s.Release(s.Mark())
	h := modulate(s, x, m[3], m[4])
	p.down.AddTo(s, x, p.up.Forward(s, h), m[5])
}

// attend turns q and k [1, L, D] by the positions of their tokens and returns the attention [1, L, D]. A zero dst is
// allocated.
func attend(s *backend.Stream, dst, q, k, v Tensor, heads int, cond Condition) Tensor {
	s.Rope(q.Heads(heads), cond.Cos, cond.Sin)
	s.Rope(k.Heads(heads), cond.Cos, cond.Sin)
	return nn.Attend(s, dst, q, k, v, heads, false)
}
