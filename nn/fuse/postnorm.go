package fuse

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// A textLayer is a post-norm transformer layer over the text. It has no mask: padding takes part.
type textLayer struct {
	attention   nn.Attention
	qk, v       nn.Linear
	out         nn.Linear
	feedForward feedForward
}

// newTextLayer makes a layer of the given widths.
func newTextLayer(p nn.Params, width, intermediate, heads int) textLayer {
	qkv := p.PackedProjection("self_attn", width)
	return textLayer{
		attention:   p.Attention(heads),
		qk:          qkv.Rows(0, 2*width),
		v:           qkv.Rows(2*width, 3*width),
		out:         p.Linear("self_attn.out_proj", width, width),
		feedForward: newFeedForward(p, width, intermediate),
	}
}

// forward updates x [B, T, D] in place. The positions [1, T, D] are added to queries and keys only.
func (t *textLayer) forward(s *backend.Stream, x, pos Tensor) {
	defer s.Release(s.Mark())
	d := x.Dim(2)
	qk := t.qk.Forward(s, s.Add(Tensor{}, x, pos))
	a := t.attention.Into(s, Tensor{}, qk.Slice(2, 0, d), qk.Slice(2, d, 2*d), t.v.Forward(s, x))
	t.out.AddTo(s, x, a, Tensor{})
	t.feedForward.forward(s, x)
}

// A deformLayer is a post-norm layer in which every patch looks at a few learned places of the map of patches.
type deformLayer struct {
	args            backend.DeformArgs
	heads           int
	offsets, logits nn.Linear
	value, out      nn.Linear
	feedForward     feedForward
}

func newDeformLayer(p nn.Params, c Config, width, grid int) *deformLayer {
	points := c.ImageHeads * c.ImagePoints
	return &deformLayer{
		args:        backend.DeformArgs{Rows: grid, Cols: grid, Points: c.ImagePoints},
		heads:       c.ImageHeads,
		offsets:     p.Linear("self_attn.sampling_offsets", width, 2*points),
		logits:      p.Linear("self_attn.attention_weights", width, points),
		value:       p.Linear("self_attn.value_proj", width, width),
		out:         p.Linear("self_attn.output_proj", width, width),
		feedForward: newFeedForward(p, width, c.ImageIntermediate),
	}
}

// forward updates x [B, L, D] in place. The positions [1, L, D] are added to the query only.
func (d *deformLayer) forward(s *backend.Stream, x, pos Tensor) {
	defer s.Release(s.Mark())
	q := s.Add(Tensor{}, x, pos)
	a := s.DeformAttention(Tensor{}, d.value.Forward(s, x).Heads(d.heads), d.offsets.Forward(s, q), d.logits.Forward(s, q), d.args)
	d.out.AddTo(s, x, a, Tensor{})
	d.feedForward.forward(s, x)
}

// A patchLayer is a post-norm layer in which every patch sees only itself. The reference's layer attends along the axis
// of the batch (core/face_t5 hands [B, L, D] to an attention that wants [L, B, D]); for one prompt each softmax then has
// one term, and what is left of the attention is its projection of values. Positions go unused there, too.
type patchLayer struct {
	value, out  nn.Linear
	feedForward feedForward
}

func newPatchLayer(p nn.Params, c Config, width int) *patchLayer {
	return &patchLayer{
		value:       p.PackedValues("self_attn", width),
		out:         p.Linear("self_attn.out_proj", width, width),
		feedForward: newFeedForward(p, width, c.ImageIntermediate),
	}
}

// forward updates x [B, L, D] in place. Prompts of a batch do not see each other, as if each were alone.
func (l *patchLayer) forward(s *backend.Stream, x, _ Tensor) {
	defer s.Release(s.Mark())
	l.out.AddTo(s, x, l.value.Forward(s, x), Tensor{})
	l.feedForward.forward(s, x)
}

// A feedForward, with the norm before it, is x ← norm2(y + down(ReLU(up(y)))), where y is norm1(x).
type feedForward struct {
	norm1, norm2 nn.LayerNorm
	up, down     nn.Linear
}

func newFeedForward(p nn.Params, width, intermediate int) feedForward {
	return feedForward{
		norm1: p.LayerNorm("norm1", width, eps),
		up:    p.Linear("linear1", width, intermediate).With(backend.ReLU),
		down:  p.Linear("linear2", intermediate, width),
		norm2: p.LayerNorm("norm2", width, eps),
	}
}

func (f *feedForward) forward(s *backend.Stream, x Tensor) {
	f.norm1.InPlace(s, x)
	f.down.AddTo(s, x, f.up.Forward(s, x), Tensor{})
	f.norm2.InPlace(s, x)
}
