package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// The blocks of a matrix product. Rows of x are packed once, for all of K and all workers. A task then computes a block of the result, in
// steps of about gemmDepth words along K. A panel of packed weights stays in the first cache while all rows of the block pass by, of
// which the words of a step, gemmBand at most, come from the second. Sums, gemmSums at most, are read and written once in a step: they
// come from the third.
const (
	gemmDepth = 256
	gemmOnce  = 320 // words along K that take one step, of operands that are narrower than float32
	gemmRows  = 512 + 14
	gemmBand  = 272 * (gemmDepth + rowPad)
	gemmSums  = gemmRows * 1024

	gemmWords = gemmSums + gemmOnce*(simd.MaxNR+1)
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
	depth := even(g.k, gemmDepth*p.Group, 8*p.Group)
	if p.Group > 1 && p.Words(g.k) <= gemmOnce {
		depth = max(g.k, 1)
	}
	g.steps = stepsOf(p, g.k, depth)
	g.run()
}

// run packs as many rows of x as there is space for, multiplies them, and goes on with the next.
func (g *gemm) run() {
	rows := g.chunk()
	g.scales = g.b.packed[rows*g.words():][:rows]
	for g.first = 0; g.first < g.m && !g.b.pool.stopped(); g.first += rows {
		g.rows = min(rows, g.m-g.first)
		if g.k > 0 {
			g.b.share(g.rows, g.k, (*gemmPacking)(g))
		}
		g.down, g.across = g.cuts()
		g.b.pool.For(g.down*g.across, g)
	}
}

// chunk returns how many rows are packed at a time, with a scale each: those of some blocks, as many for each worker if possible.
func (g *gemm) chunk() int {
	fitting, workers := len(g.b.packed)/(g.words()+1), g.b.pool.workers
	rows := even(g.m, max(g.p.MR, g.blockRows()), g.p.MR)
	if fitting < rows {
		return min(g.m, fitting)
	}
	blocks := fitting / rows
	if blocks > workers {
		blocks = blocks / workers * workers
	}
	return min(g.m, blocks*rows)
}

// blockRows returns how many rows a block has at most.
func (g *gemm) blockRows() int { return min(gemmRows, gemmBand/g.lda) / g.p.MR * g.p.MR }

// A gemmPacking is a gemm whose rows of x are being packed.
type gemmPacking gemm

// do packs row r of a chunk, and finds the scale of its integers.
func (g *gemmPacking) do(_, r int) {
	x := g.x.at(g.first + r)
	if g.p.Integer {
		g.scales[r] = integerScale(g.b.k.AbsMax(x))
	}
	for step := range g.count {
		numbers := x[step*g.depth : min((step+1)*g.depth, g.k)]
		words := (*gemm)(g).packed(step, r)[:g.p.Words(len(numbers))]
		g.p.PackRow(words, numbers, inverse(g.scales[r]))
	}
}

// packed returns the words of a step along K from row r of the chunk on.
func (g *gemm) packed(step, r int) []float32 { return g.b.packed[(step*g.rows+r)*g.lda:] }

// do computes block i of the chunk. Neighbouring tasks share weights.
func (g *gemm) do(worker, i int) {
	top, bottom := part(g.rows, g.p.MR, g.down, i%g.down)
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

// cuts returns into how many blocks, one below the other and side by side, the chunk is cut.
func (g *gemm) cuts() (down, across int) {
	mr, nr, workers := g.p.MR, g.p.NR, g.b.pool.workers
	high, wide := (g.rows+mr-1)/mr, (g.n+nr-1)/nr // in tiles
	most := g.blockRows() / mr
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
	m, n, k      int       // rows and columns of the result, and numbers of a row of x
	half         int       // the output that multiplies the first one, activated; 0 if there is no Glu
	steps                  // along K
	first, rows  int       // of the chunk that is packed
	scales       []float32 // of its rows as integers
	down, across int       // blocks below one another and side by side
	epilogue     epilogue
}

// A block is a part of the result under way.
type block struct {
	top, left, rows, cols int       // from the first row of the chunk on
	sums                  []float32 // of each row those of wide outputs from left on, then of the other half, ldc apart
	ldc, wide             int
	panel                 panel
}

func (g *gemm) open(ws space, top, bottom, left, right int) block {
	b := block{top: top, left: left, rows: bottom - top, cols: right - left, wide: roundUp(right-left, g.p.NR)}
	b.ldc = g.halves() * b.wide
	b.sums, b.panel = ws.take(b.rows*b.ldc), panelIn(&ws, g.p, g.depth, b.ldc)
	return b
}

// block computes rows top to bottom of the chunk and columns left to right.
func (g *gemm) block(ws space, top, bottom, left, right int) {
	b := g.open(ws, top, bottom, left, right)
	for step := range g.count {
		g.multiply(&b, step)
		if g.b.pool.stopped() {
			return
		}
	}
	if g.k == 0 {
		clear(b.sums)
		clear(b.panel.ofZeros)
		clear(g.scales[top:bottom])
	}
	g.finish(&b)
}

// multiply adds the products of a step to the sums, panel by panel.
func (g *gemm) multiply(b *block, step int) {
	p, from := g.p, step*g.depth
	depth := min(g.depth, g.k-from)
	words, x := p.Words(depth), g.packed(step, b.top)
	for col := 0; col < b.ldc && !g.b.pool.stopped(); col += p.NR {
		output := b.left + col/b.wide*g.half + col%b.wide
		w := matrixOf(g.w, g.w.Row(output)+from, g.w.Stride(0))
		b.panel.pack(w, min(p.NR, b.cols-col%b.wide), depth)
		for r := 0; r < b.rows; r += p.MR {
			sums, rows := simd.Rows{At: &b.sums[r*b.ldc+col], Ld: b.ldc}, simd.Rows{At: &x[r*g.lda], Ld: g.lda}
			b.panel.multiply(sums, rows, min(p.MR, b.rows-r), words, from > 0)
		}
		b.panel.multiplyZeros(col, words, from > 0)
	}
}

// finish takes the sums to the result.
func (g *gemm) finish(b *block) {
	e, ofZeros := &g.epilogue, b.panel.ofZeros
	for r := range b.rows {
		at, scale := g.first+b.top+r, g.scales[b.top+r]
		row, dst := b.sums[r*b.ldc:], g.dst.at(at)[b.left:][:b.cols]
		value := e.numbers(dst, row[:b.cols], ofZeros, scale, b.left)
		if g.half == 0 {
			e.finish(dst, value, at, b.left)
			continue
		}
		gate := row[b.wide:][:b.cols]
		gate = e.numbers(gate, gate, ofZeros[min(b.wide, len(ofZeros)):], scale, b.left+g.half)
		e.gated(dst, value, gate, at, b.left, g.half)
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
