package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
)

// The blocks of a matrix product. A task computes blockRows×blockCols of the result at most, in steps of about
// blockDepth along K: packed weights stay in the first cache, rows and sums in the second.
const (
	blockRows  = 256 + 14
	blockCols  = 512
	blockDepth = 256
	rowPad     = 16 // floats between rows, so that rows of 2ⁿ floats do not fall on the same lines of the cache

	gemmFloats = blockRows*(blockDepth+8+rowPad) + (blockDepth+8)*blockCols + blockRows*blockCols
)

// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add.
func (b *Backend) Gemm(dst, x, w backend.Tensor, a backend.GemmArgs) {
	g := gemm{
		b: b, x: rowsOf(x), dst: rowsOf(dst), w: w,
		n: w.Dim(0), k: w.Dim(1),
		epilogue: epilogueOf(b.k, a, x.Rows()/max(1, x.Dim(0))),
	}
	if x.Rows() == 0 || g.n == 0 {
		return
	}
	g.depth = even(g.k, blockDepth, 8)
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
	rows, cols = even(m, blockRows-b.k.MR, b.k.MR), even(n, blockCols-b.k.NR, b.k.NR)
	tasks := func() int { return ((m + rows - 1) / rows) * ((n + cols - 1) / cols) }
	for want := tasksPerWorker * b.pool.workers; b.pool.workers > 1 && tasks() < want; {
		switch {
		case cols > 128:
			cols = even(n, cols-b.k.NR, b.k.NR)
		case rows > 8*b.k.MR:
			rows = even(m, rows-b.k.MR, b.k.MR)
		case cols > 2*b.k.NR:
			cols = even(n, cols-b.k.NR, b.k.NR)
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
	xs, panels := ws.take(m*lda), ws.take(g.depth*width)
	for from := 0; from < g.k; from += g.depth {
		if g.b.pool.stopped() {
			return
		}
		depth := min(g.depth, g.k-from)
		for r := range m {
			copy(xs[r*lda:], g.x.at(top + r)[from:from+depth])
		}
		pack(k, panels, g.w, g.w.Stride(0), left*g.w.Stride(0)+from, n, depth)
		for p := 0; p*k.NR < n; p++ {
			panel := &panels[p*k.NR*depth]
			for r := 0; r < m; r += k.MR {
				k.Tile(&sums[r*width+p*k.NR], width, &xs[r*lda], lda, panel, min(k.MR, m-r), depth, from > 0)
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
