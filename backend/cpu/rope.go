package cpu

import "github.com/faceclip-go/faceclip-go/backend"

// Rope rotates neighbouring pairs of x [B, L, H, D] by angles given as cos, sin [L, D/2].
func (b *Backend) Rope(x, cos, sin backend.Tensor) {
	data, c, s := elements[float32](x), elements[float32](cos), elements[float32](sin)
	l, h, d := x.Dim(1), x.Dim(2), x.Dim(3)
	b.share(x.Dim(0)*l, h*d, func(_, i int) {
		cos, sin := c[cos.Row(i%l):][:d/2], s[sin.Row(i%l):][:d/2]
		for head := range h {
			rotate(data[x.Row(i*h+head):][:d], cos, sin)
		}
	})
}

func rotate(x, cos, sin []float32) {
	for i, c := range cos {
		s, p := sin[i], x[2*i:2*i+2]
		p[0], p[1] = p[0]*c-p[1]*s, p[1]*c+p[0]*s
	}
}
