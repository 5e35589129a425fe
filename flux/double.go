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

func newDoubleBlock(p nn.Params, c Config) doubleBlock {
	p, number := p.Block()
	d := c.Width()
	return doubleBlock{
		number: number,
		heads:  c.Heads,
		image: stream{
			modulation:  p.Exact().Linear("norm1.linear", d, 6*d),
			projections: newProjections(p, c),
			out:         p.Linear("attn.to_out.0", d, d),
			up:          p.Linear("ff.net.0.proj", d, 4*d).With(backend.GELUTanh),
			down:        p.Linear("ff.net.2", 4*d, d),
		},
		text: stream{
			modulation: p.Exact().Linear("norm1_context.linear", d, 6*d),
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

// forward updates image [1, N, D] and text [1, T, D] in place; e [1, D] is the embedded time and prompt.
func (b *doubleBlock) forward(s *backend.Stream, image, text, e Tensor, r Rotation) {
	defer s.Release(s.Mark())
	s.Block(b.number)
	imageAttention, imageForward := modulationsOf(b.image.modulation.Forward(s, e))
	textAttention, textForward := modulationsOf(b.text.modulation.Forward(s, e))
	b.attend(s, image, text, imageAttention, textAttention, r)
	b.image.feedForward(s, image, imageForward)
	b.text.feedForward(s, text, textForward)
}

// attend adds the joint attention to image and text.
func (b *doubleBlock) attend(s *backend.Stream, image, text Tensor, ofImage, ofText modulation, r Rotation) {
	defer s.Release(s.Mark())
	n, d := text.Dim(1), text.Dim(2)
	all := n + image.Dim(1)
	joint := tokens{s.New(1, all, d), s.New(1, all, d), s.New(1, all, d)} // text first
	b.text.project(s, joint.rows(0, n), text, ofText, b.heads)
	b.image.project(s, joint.rows(n, all), image, ofImage, b.heads)
	o := joint.attend(s, Tensor{}, b.heads, r)
	b.image.out.AddTo(s, image, o.Slice(1, n, all), ofImage.gate)
	b.text.out.AddTo(s, text, o.Slice(1, 0, n), ofText.gate)
}

// project fills into with what attention needs of x [1, L, D].
func (p *stream) project(s *backend.Stream, into tokens, x Tensor, m modulation, heads int) {
	defer s.Release(s.Mark())
	p.into(s, into, m.enter(s, x), heads)
}

func (p *stream) feedForward(s *backend.Stream, x Tensor, m modulation) {
	defer s.Release(s.Mark())
	p.down.AddTo(s, x, p.up.Forward(s, m.enter(s, x)), m.gate)
}
