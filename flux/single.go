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
		modulation:  p.Exact().Linear("norm.linear", d, 3*d),
		projections: newProjections(p, c),
		up:          p.Linear("proj_mlp", d, 4*d).With(backend.GELUTanh),
		out:         p.Linear("proj_out", 5*d, d),
	}
}

// forward updates x [1, L, D] in place; e [1, D] is the embedded time and prompt.
func (b *singleBlock) forward(s *backend.Stream, x, e Tensor, r Rotation) {
	defer s.Release(s.Mark())
	s.Block(b.number)
	d := x.Dim(2)
	m := modulationOf(b.modulation.Forward(s, e))
	both := s.New(1, x.Dim(1), 5*d) // of each token the attention, then the feed-forward
	b.fill(s, both.Slice(2, 0, d), both.Slice(2, d, 5*d), m.enter(s, x), r)
	b.out.AddTo(s, x, both, m.gate)
}

// fill stores the attention of h [1, L, D] in o [1, L, D] and its feed-forward in f [1, L, 4·D].
func (b *singleBlock) fill(s *backend.Stream, o, f, h Tensor, r Rotation) {
	defer s.Release(s.Mark())
	b.up.Into(s, f, h)
	t := tokens{s.Like(h), s.Like(h), s.Like(h)}
	b.into(s, t, h, b.heads)
	t.attend(s, o, b.heads, r)
}
