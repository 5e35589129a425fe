package cpu

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// LayerNorm computes (x - mean)/√(var + eps)·γ + β over the last dimension.
func (b *Backend) LayerNorm(dst, x backend.Tensor, a backend.NormArgs) {
	k := b.k
	b.normRows(dst, x, a, func(y, x, gamma, beta []float32) {
		n := float32(len(x))
		mean := k.Sum(x) / n
		scale := inverseRoot(k.SumSquares(x, mean)/n, a.Eps)
		for lo := 0; lo < len(x); lo += span {
			hi := min(lo+span, len(x))
			k.Lincomb(y[lo:hi], scale, x[lo:hi], -mean*scale, ones[:hi-lo])
		}
		modulate(k, y, gamma, beta, a.PlusOne)
	})
}

// RMSNorm computes x/√(mean(x²) + eps)·γ over the last dimension.
func (b *Backend) RMSNorm(dst, x backend.Tensor, a backend.NormArgs) {
	k := b.k
	b.normRows(dst, x, a, func(y, x, gamma, _ []float32) {
		scale := inverseRoot(k.SumSquares(x, 0)/float32(len(x)), a.Eps)
		if gamma == nil {
			copy(y, x)
		} else {
			k.Mul(y, x, gamma)
		}
		k.Scale(y, scale)
	})
}

// normRows calls body for each row of dst and x, with the vectors of its batch item.
func (b *Backend) normRows(dst, x backend.Tensor, a backend.NormArgs, body func(y, x, gamma, beta []float32)) {
	rows, c := x.Rows(), x.Dim(-1)
	items := max(1, rows/max(1, x.Dim(0)))
	from, to := elements[float32](x), elements[float32](dst)
	gamma, beta := vectorOf(a.Gamma), vectorOf(a.Beta)
	b.share(rows, c, func(_, r int) {
		body(to[dst.Row(r):][:c], from[x.Row(r):][:c], gamma.of(r/items), beta.of(r/items))
	})
}

// modulate computes y = y·γ + β, or y·(1+γ) + β with plusOne.
func modulate(k *simd.Kernels, y, gamma, beta []float32, plusOne bool) {
	switch {
	case gamma == nil:
	case plusOne:
		k.Affine(y, gamma, y, y)
	case beta != nil:
		k.Affine(y, y, gamma, beta)
		return
	default:
		k.Mul(y, y, gamma)
	}
	if beta != nil {
		k.Add(y, y, beta)
	}
}

func inverseRoot(variance, eps float32) float32 {
	return float32(1 / math.Sqrt(float64(variance)+float64(eps)))
}
