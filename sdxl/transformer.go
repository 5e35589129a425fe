package sdxl

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

const (
	transformerEps = 1e-6
	layerEps       = 1e-5
)

// A transformer attends over the pixels of an image and to the text.
type transformer struct {
	norm    nn.GroupNorm
	in, out nn.Linear
	blocks  []block
}

type block struct {
	norm1, norm2, norm3 nn.LayerNorm
	self, cross         attention
	up, down            nn.Linear
}

type attention struct {
	heads        nn.Attention
	q, k, v, out nn.Linear
}

func newTransformer(p nn.Params, ch, heads, depth int, c Config) *transformer {
	t := &transformer{
		norm: p.GroupNorm("norm", ch, c.Groups, transformerEps, backend.None),
		in:   p.Linear("proj_in", ch, ch),
		out:  p.Linear("proj_out", ch, ch),
	}
	for i := range depth {
		p := p.At("transformer_blocks.%d", i)
		t.blocks = append(t.blocks, block{
			norm1: p.LayerNorm("norm1", ch, layerEps),
			self:  newAttention(p.At("attn1"), ch, ch, heads),
			norm2: p.LayerNorm("norm2", ch, layerEps),
			cross: newAttention(p.At("attn2"), ch, c.TextWidth, heads),
			norm3: p.LayerNorm("norm3", ch, layerEps),
			up:    p.Linear("ff.net.0.proj", ch, 8*ch).With(backend.GELU),
			down:  p.Linear("ff.net.2", 4*ch, ch),
		})
	}
	return t
}

func newAttention(p nn.Params, q, kv, heads int) attention {
	return attention{
		heads: p.Attention(heads),
		q:     p.LinearNoBias("to_q", q, q),
		k:     p.LinearNoBias("to_k", kv, q),
		v:     p.LinearNoBias("to_v", kv, q),
		out:   p.Linear("to_out.0", q, q),
	}
}

// forward updates the image x [B, H, W, C] in place.
func (t *transformer) forward(s *backend.Stream, x, text Tensor) {
	defer s.Release(s.Mark())
	x = x.Reshape(x.Dim(0), -1, x.Dim(3)) // pixels are tokens
	h := t.in.Forward(s, t.norm.Forward(s, x))
	for i := range t.blocks {
		t.blocks[i].forward(s, h, text)
	}
	t.out.AddTo(s, x, h, Tensor{})
}

// forward updates x [B, L, C] in place.
func (b *block) forward(s *backend.Stream, x, text Tensor) {
	defer s.Release(s.Mark())
	h := b.norm1.Forward(s, x)
	b.self.addTo(s, x, h, h)
	b.cross.addTo(s, x, b.norm2.Forward(s, x), text)
	b.feedForward(s, x)
}

// feedForward is GEGLU: the first half of up's outputs is the value, the second the gate.
func (b *block) feedForward(s *backend.Stream, x Tensor) {
	defer s.Release(s.Mark())
	b.down.AddTo(s, x, b.up.Glu(s, b.norm3.Forward(s, x)), Tensor{})
}

// addTo computes dst += attention of x to ctx.
func (a *attention) addTo(s *backend.Stream, dst, x, ctx Tensor) {
	defer s.Release(s.Mark())
	h := a.heads.Into(s, Tensor{}, a.q.Forward(s, x), a.k.Forward(s, ctx), a.v.Forward(s, ctx))
	a.out.AddTo(s, dst, h, Tensor{})
}
