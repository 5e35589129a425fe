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
	maxNR     = 32

	gemmWords = gemmSums + gemmBand + gemmRows + gemmOnce*maxNR + simd.PackScratch
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
	if g.half > 0 {
		wide *= 2 // of sums
	}
	most := min(gemmRows, gemmBand/(g.p.Words(g.depth)+rowPad)-g.p.Extra()) / mr
	down = (high + most - 1) / most
	if fair := roundUp(down, workers); fair <= down+down/2 {
		down = fair // all workers have as many
	}
	rows := func() int { return (high + down - 1) / down * mr }
	widest := gemmSums / (rows() + g.p.Extra()) / nr
	across = (wide + widest - 1) / widest
	if g.half > 0 {
		wide /= 2
	}
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

// block computes rows top to bottom and columns left to right of the result.
func (g *gemm) block(ws space, top, bottom, left, right int) {
	p := g.p
	m, n := bottom-top, right-left
	wide, lda := roundUp(n, p.NR), p.Words(g.depth)+rowPad
	firsts := [2]int{left, left + g.half} // outputs from which sums are made, wide of them from each
	parts := 1
	if g.half > 0 {
		parts = 2
	}
	all, width := m+p.Extra(), parts*wide
	sums, xs, scales := ws.take(all*width), ws.take(all*lda), ws.take(m)
	panel, scratch := ws.take(p.Words(g.depth)*p.NR), ws.take(simd.PackScratch)
	for from := 0; from < g.k; from += g.depth {
		depth := min(g.depth, g.k-from)
		words := p.Words(depth)
		for r := range m {
			g.packRow(xs[r*lda:][:words], scales, top, r, from)
		}
		fill(xs[m*lda:all*lda], p.Zero)
		for col := 0; col < width; col += p.NR {
			if g.b.pool.stopped() {
				return
			}
			output, columns := firsts[col/wide]+col%wide, min(p.NR, n-col%wide)
			p.PackColumns(panel[:words*p.NR], matrixOf(g.w, g.w.Row(output)+from, g.w.Stride(0)), columns, depth, scratch)
			for r := 0; r < all; r += p.MR {
				p.Tile(simd.Rows{At: &sums[r*width+col], Ld: width}, simd.Rows{At: &xs[r*lda], Ld: lda}, &panel[0], min(p.MR, all-r), words, from > 0)
			}
		}
	}
	if g.k == 0 {
		clear(sums)
		clear(scales)
	}
	for r := range m {
		dst := g.dst.at(top + r)[left:right]
		value := g.numbers(dst, sums[r*width:][:n], sums[(all-1)*width:], scales[r], left)
		if g.half == 0 {
			g.epilogue.finish(dst, value, top+r, left)
			continue
		}
		gate := sums[r*width+wide:][:n]
		gate = g.numbers(gate, gate, sums[(all-1)*width+wide:], scales[r], left+g.half)
		g.epilogue.gated(dst, value, gate, top+r, left, g.half)
	}
}

// numbers returns what integer sums of one row mean, from output first on; other sums are numbers.
func (g *gemm) numbers(dst, sums, zero []float32, scale float32, first int) []float32 {
	if !g.p.Integer {
		return sums
	}
	return g.epilogue.fromSums(g.p, dst, sums, zero[:len(sums)], scale, first)
}

// packRow packs numbers of row top+r for a step. The first step of a row finds the scale of its integers, which all of it decides.
func (g *gemm) packRow(to, scales []float32, top, r, from int) {
	x := g.x.at(top + r)
	if g.p.Integer && from == 0 {
		scales[r] = g.b.k.AbsMax(x) / maxInteger
	}
	g.p.PackRow(to, x[from:min(from+g.depth, g.k)], inverse(scales[r]))
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
