package cpu

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// A rowNorm is one call of LayerNorm or RMSNorm under way.
type rowNorm struct {
	k           *simd.Kernels
	args        backend.NormArgs
	dst, x      backend.Tensor
	to, from    []float32
	items       int    // rows of a batch item
	gamma, beta vector // one for each batch item
	row         func(n *rowNorm, y, x, gamma, beta []float32)
}

// normRows computes each row of dst from that of x.
func (b *Backend) normRows(dst, x backend.Tensor, a backend.NormArgs, row func(n *rowNorm, y, x, gamma, beta []float32)) {
	n := &b.rowNorm
	defer forget(n)
	*n = rowNorm{
		k: b.k, args: a, dst: dst, x: x, to: elements[float32](dst), from: elements[float32](x),
		items: max(1, x.Rows()/max(1, x.Dim(0))), gamma: vectorOf(a.Gamma), beta: vectorOf(a.Beta), row: row,
	}
	b.share(x.Rows(), x.Dim(-1), n)
}

func (n *rowNorm) do(_, r int) {
	c := n.x.Dim(-1)
	n.row(n, n.to[n.dst.Row(r):][:c], n.from[n.x.Row(r):][:c], n.gamma.of(r/n.items), n.beta.of(r/n.items))
}

// LayerNorm computes (x - mean)/√(var + eps)·γ + β over the last dimension.
func (b *Backend) LayerNorm(dst, x backend.Tensor, a backend.NormArgs) {
	b.normRows(dst, x, a, (*rowNorm).layer)
}

func (n *rowNorm) layer(y, x, gamma, beta []float32) {
	count := float32(len(x))
	mean := n.k.Sum(x) / count
	scale := inverseRoot(n.k.SumSquares(x, mean)/count, n.args.Eps)
	for lo := 0; lo < len(x); lo += span {
		hi := min(lo+span, len(x))
		n.k.Lincomb(y[lo:hi], scale, x[lo:hi], -mean*scale, ones[:hi-lo])
	}
	modulate(n.k, y, gamma, beta, n.args.PlusOne)
}

// RMSNorm computes x/√(mean(x²) + eps)·γ over the last dimension.
func (b *Backend) RMSNorm(dst, x backend.Tensor, a backend.NormArgs) {
	b.normRows(dst, x, a, (*rowNorm).rootMeanSquare)
}

func (n *rowNorm) rootMeanSquare(y, x, gamma, _ []float32) {
	scale := inverseRoot(n.k.SumSquares(x, 0)/float32(len(x)), n.args.Eps)
	if gamma == nil {
		copy(y, x)
	} else {
		n.k.Mul(y, x, gamma)
	}
	n.k.Scale(y, scale)
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
