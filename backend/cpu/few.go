package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// A product of few rows takes as long as it takes to read the weights: they are read once, as they are stored. Sums then run in another
// order. What a batch item has decides that, so that two of them together become what each would alone.
const (
	fewEach  = 4        // rows of a batch item
	fewRows  = 8        // of all; tiles are as fast where there are more
	fewBytes = 64 << 10 // of weights, which a task reads
	fewLine  = 16       // columns whose multiples a task computes, so that none share a line of the cache
	fewMost  = 4096     // columns of a task, and a line
)

func (g *gemm) isFew(x backend.Tensor) bool {
	return g.p.Few != nil && g.half == 0 && g.k > 0 && g.m <= fewRows && g.m <= fewEach*x.Dim(0)
}

func (g *gemm) runFew() {
	cut := func(n, most int) int { return (n + most - 1) / most }
	bytes := g.n * g.k * g.w.DType().Size()
	g.across = roundUp(max(cut(bytes, fewBytes), cut(g.n, fewMost)), g.b.pool.workers)
	g.across = min(g.across, cut(g.n, fewLine))
	g.b.pool.For(g.across, (*few)(g))
}

// A few is a gemm of few rows. A task computes some columns of the result.
type few gemm

func (f *few) do(worker, i int) {
	left, right := part(f.n, fewLine, f.across, i)
	n, ws := right-left, space(f.b.space(worker))
	sums := ws.take(f.m * n)
	f.multiply(sums, n, left)
	for r := range f.m {
		f.epilogue.finish(f.dst.at(r)[left:right], sums[r*n:][:n], r, left)
	}
}

// multiply computes n columns from left on.
func (f *few) multiply(sums []float32, n, left int) {
	w := matrixOf(f.w, f.w.Row(left), f.w.Stride(0))
	together, apart := f.m, f.x.apart
	if apart == 0 {
		together = 1
	}
	for r := 0; r < f.m; r += together {
		f.p.Few(simd.Rows{At: &sums[r*n], Ld: n}, simd.Rows{At: &f.x.at(r)[0], Ld: apart}, w, together, n, f.k)
	}
}
