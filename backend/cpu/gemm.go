package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// The blocks of a matrix product. A task computes a block of the result, in steps of about gemmDepth words along K. A panel of
// packed weights stays in the first cache while all rows of the block pass by, of which the words of a step, gemmBand at most, come
// from the second. Sums, gemmSums at most, are read and written once in a step: they come from the third.
const (
	gemmDepth = 256
	gemmOnce  = 320 // words along K that take one step, of operands that are narrower than float32
	gemmRows  = 512 + 14
	gemmBand  = 272 * (gemmDepth + rowPad)
	gemmSums  = gemmRows * 1024
	rowPad    = 16 // words between rows, so that rows of 2ⁿ words do not fall on the same lines of the cache

	gemmWords = gemmSums + gemmBand + gemmRows + gemmOnce*simd.MaxNR + simd.PackScratch
)

// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add, and scale·(x·wᵀ) for I8 weights.
func (b *Backend) Gemm(dst, x backend.Tensor, w backend.Weight, a backend.GemmArgs) {
	if x.Rows() == 0 || w.Outputs() == 0 {
		return
	}
	p, g := b.product(a.Compute, w), &b.gemm
	defer forget(g)
	*g = gemm{
		b: b, p: p, x: rowsOf(x), dst: rowsOf(dst), w: w.Matrix,
		m: x.Rows(), n: w.Outputs(), k: w.Matrix.Dim(1),
		epilogue: epilogueOf(b.k, p, w, a, x.Rows()/max(1, x.Dim(0))),
	}
	if a.Glu {
		g.n /= 2
		g.half = g.n
	}
	if g.isFew(x) {
		g.runFew()
		return
	}
	g.depth = even(g.k, gemmDepth*p.Group, 8*p.Group)
	if p.Group > 1 && p.Words(g.k) <= gemmOnce {
		g.depth = max(g.k, 1)
	}
	g.down, g.across = g.cuts(g.m)
	b.pool.For(g.down*g.across, g)
}

// do computes block i. Neighbouring tasks share weights.
func (g *gemm) do(worker, i int) {
	top, bottom := part(g.m, g.p.MR, g.down, i%g.down)
	left, right := part(g.n, g.p.NR, g.across, i/g.down)
	g.block(g.b.space(worker), top, bottom, left, right)
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

// cuts returns into how many blocks, one below the other and side by side, a result of m rows is cut.
func (g *gemm) cuts(m int) (down, across int) {
	mr, nr, workers := g.p.MR, g.p.NR, g.b.pool.workers
	high, wide := (m+mr-1)/mr, (g.n+nr-1)/nr // in tiles
	most := min(gemmRows, gemmBand/(g.p.Words(g.depth)+rowPad)-g.p.Extra()) / mr
	down = (high + most - 1) / most
	if fair := roundUp(down, workers); fair <= down+down/2 {
		down = fair // all workers have as many
	}
	rows := func() int { return (high + down - 1) / down * mr }
	widest := gemmSums / (rows() + g.p.Extra()) / nr / g.halves()
	across = (wide + widest - 1) / widest
	for workers > 1 && down*across < tasksPerWorker*workers {
		switch cols := (wide + across - 1) / across * nr; {
		case cols > max(128, rows()), cols > nr && rows() <= 4*mr:
			across++
		case rows() > 4*mr:
			down++
		default:
			return down, across
		}
	}
	return down, across
}

// halves returns how many outputs make a column of the result: two, of which one gates the other, or one.
func (g *gemm) halves() int {
	if g.half > 0 {
		return 2
	}
	return 1
}

// part returns where part i of n begins and ends, if n is cut into so many that are multiples of a unit and differ by one at most.
func part(n, unit, parts, i int) (from, to int) {
	units := (n + unit - 1) / unit
	return units * i / parts * unit, min(units*(i+1)/parts*unit, n)
}

// A gemm is one matrix product under way.
type gemm struct {
	b            *Backend
	p            *simd.Product
	x, dst       rows
	w            backend.Tensor
	m, n, k      int // rows and columns of the result, and numbers of a row of x
	half         int // the output that multiplies the first one, activated; 0 if there is no Glu
	depth        int // numbers of a step along K
	down, across int // blocks below one another and side by side
	epilogue     epilogue
}

// A block is a part of the result under way, and what it is made of.
type block struct {
	top, left, rows, cols int
	all                   int       // rows of words and of sums: one for zeros beside the block's, of integers
	words                 []float32 // of rows of x, for a step along K, lda apart
	sums                  []float32 // of each row those of wide outputs from left on, then of the other half, ldc apart
	lda, ldc, wide        int
	scales                []float32 // of rows of x as integers
	panel, scratch        []float32 // of packed weights, and of packing
}

func (g *gemm) open(ws space, top, bottom, left, right int) block {
	p := g.p
	b := block{top: top, left: left, rows: bottom - top, cols: right - left, lda: p.Words(g.depth) + rowPad}
	b.all, b.wide = b.rows+p.Extra(), roundUp(b.cols, p.NR)
	b.ldc = g.halves() * b.wide
	b.sums, b.words, b.scales = ws.take(b.all*b.ldc), ws.take(b.all*b.lda), ws.take(b.rows)
	b.panel, b.scratch = ws.take(p.Words(g.depth)*p.NR), ws.take(simd.PackScratch)
	return b
}

// block computes rows top to bottom and columns left to right of the result.
func (g *gemm) block(ws space, top, bottom, left, right int) {
	b := g.open(ws, top, bottom, left, right)
	for from := 0; from < g.k; from += g.depth {
		g.pack(&b, from)
		g.multiply(&b, from)
		if g.b.pool.stopped() {
			return
		}
	}
	if g.k == 0 {
		clear(b.sums)
		clear(b.scales)
	}
	g.finish(&b)
}

// pack packs the rows of x for the step from a number on. The first step finds the scales of integers, which all of a row decides.
func (g *gemm) pack(b *block, from int) {
	words := g.p.Words(min(g.depth, g.k-from))
	for r := range b.rows {
		x := g.x.at(b.top + r)
		if g.p.Integer && from == 0 {
			b.scales[r] = integerScale(g.b.k.AbsMax(x))
		}
		g.p.PackRow(b.words[r*b.lda:][:words], x[from:min(from+g.depth, g.k)], inverse(b.scales[r]))
	}
	fill(b.words[b.rows*b.lda:], g.p.Zero)
}

// multiply adds the products of a step to the sums, panel by panel.
func (g *gemm) multiply(b *block, from int) {
	p, depth := g.p, min(g.depth, g.k-from)
	words := p.Words(depth)
	for col := 0; col < b.ldc && !g.b.pool.stopped(); col += p.NR {
		output := b.left + col/b.wide*g.half + col%b.wide
		w := matrixOf(g.w, g.w.Row(output)+from, g.w.Stride(0))
		p.PackColumns(b.panel[:words*p.NR], w, min(p.NR, b.cols-col%b.wide), depth, b.scratch)
		for r := 0; r < b.all; r += p.MR {
			sums, rows := simd.Rows{At: &b.sums[r*b.ldc+col], Ld: b.ldc}, simd.Rows{At: &b.words[r*b.lda], Ld: b.lda}
			p.Tile(sums, rows, &b.panel[0], min(p.MR, b.all-r), words, from > 0)
		}
	}
}

// finish takes the sums to the result.
func (g *gemm) finish(b *block) {
	e, zeros := &g.epilogue, b.sums[(b.all-1)*b.ldc:]
	for r := range b.rows {
		row, dst := b.sums[r*b.ldc:], g.dst.at(b.top + r)[b.left:][:b.cols]
		value := e.numbers(dst, row[:b.cols], zeros, b.scales[r], b.left)
		if g.half == 0 {
			e.finish(dst, value, b.top+r, b.left)
			continue
		}
		gate := row[b.wide:][:b.cols]
		gate = e.numbers(gate, gate, zeros[b.wide:], b.scales[r], b.left+g.half)
		e.gated(dst, value, gate, b.top+r, b.left, g.half)
	}
}

// rows reads a tensor as vectors of its last dimension.
type rows struct {
	t     backend.Tensor
	data  []float32
	width int
	apart int // from one to the next, if all are evenly spaced; else 0
}

func rowsOf(t backend.Tensor) rows {
	r := rows{t: t, data: elements[float32](t), width: t.Dim(-1), apart: t.Stride(-2)}
	for axis := t.Rank() - 3; axis >= 0; axis-- {
		if t.Dim(axis) > 1 && t.Stride(axis) != t.Dim(axis+1)*t.Stride(axis+1) {
			r.apart = 0
		}
	}
	return r
}

func (r *rows) at(i int) []float32 {
	if r.apart > 0 {
		return r.data[i*r.apart:][:r.width]
	}
	return r.data[r.t.Row(i):][:r.width]
}
