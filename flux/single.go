package flux

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// A singleBlock treats the tokens of text and image alike. Attention and feed-forward read the same normalised input and
// leave through one projection.
type singleBlock struct {
	projections
	number     int
	heads      int
	modulation nn.Linear
	up, out    nn.Linear
}

func newSingleBlock(p nn.Params, c Config) singleBlock {
	p, number := p.Block()
	d := c.Width()
	return singleBlock{
		number:      number,
		heads:       c.Heads,
		modulation:  p.Linear("norm.linear", d, 3*d),
		projections: newProjections(p, c),
		up:          p.Linear("proj_mlp", d, 4*d).With(backend.GELUTanh),
		out:         p.Linear("proj_out", 5*d, d),
	}
}

// forward updates x [1, L, D] in place, for the condition c [1, D].
func (b *singleBlock) forward(s *backend.Stream, x, c Tensor, cond Condition) {
	defer s.Release(s.Mark())
	s.Block(b.number)
	d := x.Dim(2)
	m := parts(b.modulation.Forward(s, c), 3)
	both := s.New(1, x.Dim(1), 5*d) // of each token the attention, then the feed-forward
	b.fill(s, both.Slice(2, 0, d), both.Slice(2, d, 5*d), modulate(s, x, m[0], m[1]), cond)
	b.out.AddTo(s, x, both, m[2])
}

// fill stores the attention of h [1, L, D] in o [1, L, D] and its feed-forward in f [1, L, 4·D].
func (b *singleBlock) fill(s *backend.Stream, o, f, h Tensor, cond Condition) {
	defer s.Release(s.Mark())
	b.up.Into(s, f, h)
	q, k, v := s.New(h.Shape()...), s.New(h.Shape()...), s.New(h.Shape()...)
	b.into(s, q, k, v, h, b.heads)
	attend(s, o, q, k, v, b.heads, cond)
}
