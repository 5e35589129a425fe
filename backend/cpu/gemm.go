package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// The blocks of a matrix product. A task computes a block of the result, of gemmSums numbers and gemmRows rows at most,
// in steps of about gemmDepth along K. A panel of packed weights stays in the first cache while all rows of the block
// pass by, which come from the second.
const (
	gemmRows  = 256 + 14
	gemmSums  = gemmRows * 512
	gemmDepth = 256
	rowPad    = 16 // floats between rows, so that rows of 2ⁿ floats do not fall on the same lines of the cache
	maxNR     = 32

	gemmFloats = gemmSums + gemmRows*(gemmDepth+rowPad) + gemmDepth*maxNR
)

// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add, and scale·(x·wᵀ) for I8 weights.
func (b *Backend) Gemm(dst, x backend.Tensor, w backend.Weight, a backend.GemmArgs) {
	g := gemm{
		b: b, x: rowsOf(x), dst: rowsOf(dst), w: w.Matrix,
		n: w.Outputs(), k: w.Matrix.Dim(1),
		epilogue: epilogueOf(b.k, w, a, x.Rows()/max(1, x.Dim(0))),
	}
	if x.Rows() == 0 || g.n == 0 {
		return
	}
	g.depth = even(g.k, gemmDepth, 8)
	rows, cols := b.blocks(x.Rows(), g.n)
	down, across := (x.Rows()+rows-1)/rows, (g.n+cols-1)/cols
	b.pool.For(down*across, func(worker, i int) {
		// Neighbouring tasks share weights.
		top, left := i%down*rows, i/down*cols
		g.block(b.space(worker), top, min(top+rows, x.Rows()), left, min(left+cols, g.n))
	})
}

// even returns the size of the parts into which n is cut evenly, each of most at the most, rounded up to a multiple.
// It depends on n alone, so that sums do not depend on the workers.
func even(n, most, multiple int) int {
	parts := (n + most - 1) / most
	if parts == 0 {
		return multiple
	}
	size := (n + parts - 1) / parts
	return (size + multiple - 1) / multiple * multiple
}

// tasksPerWorker is how many tasks a worker should find, so that all end at about the same time.
const tasksPerWorker = 4

// blocks returns the size of the blocks of an m×n result.
func (b *Backend) blocks(m, n int) (rows, cols int) {
	mr, nr := b.k.MR, b.k.NR
	rows = even(m, gemmRows-mr, mr)
	cols = even(n, gemmSums/rows-nr, nr)
	for b.pool.workers > 1 && (m+rows-1)/rows*((n+cols-1)/cols) < tasksPerWorker*b.pool.workers {
		switch {
		case cols > max(128, rows), cols > nr && rows <= 4*mr:
			cols = even(n, cols-nr, nr)
		case rows > 4*mr:
			rows = even(m, rows-mr, mr)
		default:
			return rows, cols
		}
	}
	return rows, cols
}

// A gemm is one matrix product under way.
type gemm struct {
	b        *Backend
	x, dst   rows
	w        backend.Tensor
	n, k     int
	depth    int // of a step along K
	epilogue epilogue
}

// block computes rows top to bottom and columns left to right of the result.
func (g *gemm) block(ws space, top, bottom, left, right int) {
	k := g.b.k
	m, n := bottom-top, right-left
	width := (n + k.NR - 1) / k.NR * k.NR
	sums, lda := ws.take(m*width), g.depth+rowPad
	xs, panel := ws.take(m*lda), ws.take(g.depth*k.NR)
	for from := 0; from < g.k; from += g.depth {
		depth := min(g.depth, g.k-from)
		for r := range m {
			copy(xs[r*lda:], g.x.at(top + r)[from:from+depth])
		}
		for p := 0; p < n; p += k.NR {
			if g.b.pool.stopped() {
				return
			}
			pack(k, panel, g.w, g.w.Row(left+p)+from, g.w.Stride(0), min(k.NR, n-p), depth)
			for r := 0; r < m; r += k.MR {
				k.Tile(simd.Rows{At: &sums[r*width+p], Ld: width}, simd.Rows{At: &xs[r*lda], Ld: lda}, &panel[0], min(k.MR, m-r), depth, from > 0)
			}
		}
	}
	if g.k == 0 {
		clear(sums)
	}
	for r := range m {
		g.epilogue.finish(g.dst.at(top + r)[left:right], sums[r*width:][:n], top+r, left)
	}
}

// rows reads a tensor as vectors of its last dimension.
type rows struct {
	t    backend.Tensor
	data []float32
}

func rowsOf(t backend.Tensor) rows { return rows{t, elements[float32](t)} }

func (r rows) at(i int) []float32 { return r.data[r.t.Row(i):][:r.t.Dim(-1)] }
