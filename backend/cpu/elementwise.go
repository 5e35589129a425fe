package cpu

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Act computes dst = f(x).
func (b *Backend) Act(dst, x backend.Tensor, f backend.Act) {
	act := b.k.Act[f]
	map1(b, dst, x, func(_ int, dst, x []float32) { act(dst, x) })
}

// Glu computes dst = p·f(q).
func (b *Backend) Glu(dst, p, q backend.Tensor, f backend.Act) {
	act, mul := b.k.Act[f], b.k.Mul
	map2(b, dst, p, q, func(worker int, dst, p, q []float32) {
		gate := b.space(worker)[:len(q)]
		act(gate, q)
		mul(dst, p, gate)
	})
}

// Add computes dst = x + y, repeating y along the leading dimensions that it lacks.
func (b *Backend) Add(dst, x, y backend.Tensor) {
	if y.Len() == 1 && x.Len() > 1 {
		n := x.Dim(-1)
		y = tensor.FromFloat32s(slices.Repeat(elements[float32](y), n), n)
	}
	add := b.k.Add
	map2(b, dst, x, y, func(_ int, dst, x, y []float32) { add(dst, x, y) })
}

// Lincomb computes dst = alpha·x + beta·y.
func (b *Backend) Lincomb(dst backend.Tensor, alpha float32, x backend.Tensor, beta float32, y backend.Tensor) {
	lincomb := b.k.Lincomb
	map2(b, dst, x, y, func(_ int, dst, x, y []float32) { lincomb(dst, alpha, x, beta, y) })
}
