package cpu

import "github.com/faceclip-go/faceclip-go/backend"

// A rope is one call of Rope under way.
type rope struct {
	x, cos, sin   backend.Tensor
	data, c, s    []float32
	tokens, heads int
	width         int // of a head
}

// Rope rotates neighbouring pairs of x [B, L, H, D] by angles given as cos, sin [L, D/2].
func (b *Backend) Rope(x, cos, sin backend.Tensor) {
	r := &b.rope
	defer forget(r)
	*r = rope{
		x: x, cos: cos, sin: sin, data: elements[float32](x), c: elements[float32](cos), s: elements[float32](sin),
		tokens: x.Dim(1), heads: x.Dim(2), width: x.Dim(3),
	}
	b.share(x.Dim(0)*r.tokens, r.heads*r.width, r)
}

// do rotates the heads of token i of all batch items.
func (r *rope) do(_, i int) {
	cos, sin := r.c[r.cos.Row(i%r.tokens):][:r.width/2], r.s[r.sin.Row(i%r.tokens):][:r.width/2]
	for head := range r.heads {
		rotate(r.data[r.x.Row(i*r.heads+head):][:r.width], cos, sin)
	}
}

func rotate(x, cos, sin []float32) {
	for i, c := range cos {
		s, p := sin[i], x[2*i:2*i+2]
		p[0], p[1] = p[0]*c-p[1]*s, p[1]*c+p[0]*s
	}
}
