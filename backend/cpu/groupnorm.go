package cpu

import (
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// GroupNorm normalises x [B, ..., C] over groups of channels and all positions of a batch item, then computes
// act(·γ + β).
func (b *Backend) GroupNorm(dst, x backend.Tensor, a backend.NormArgs) {
	n := &b.groupNorm
	defer forget(n)
	*n = groupNorm{
		k: b.k, norm: b.groupMoments(x, a), act: a.Act, dst: dst, x: x, to: elements[float32](dst), from: elements[float32](x),
		items: max(1, x.Rows()/max(1, x.Dim(0))),
	}
	b.share(x.Rows(), x.Dim(-1), n)
}

// A groupNorm is one call of GroupNorm under way, when the moments are known.
type groupNorm struct {
	k        *simd.Kernels
	norm     *channelNorm
	act      backend.Act
	dst, x   backend.Tensor
	to, from []float32
	items    int // rows of a batch item
}

// do normalises row r of all batch items.
func (n *groupNorm) do(_, r int) {
	c := n.x.Dim(-1)
	y := n.to[n.dst.Row(r):][:c]
	n.norm.apply(n.k, y, n.from[n.x.Row(r):][:c], r/n.items*c)
	if n.act != backend.None {
		n.k.Act[n.act](y, y)
	}
}

const (
	normBlock  = 1 << 14 // elements that are read twice, for mean and deviations, while in the cache
	normRun    = 64      // the most positions that are summed in float32: a longer sum of equal values drifts
	normChunks = 256     // the most parts of a batch item that are measured apart
)

// A channelNorm is (x - mean)·scale + shift for each channel [B, C]. Beside a mean in float32, what shift adds makes up for
// what rounding the mean loses, so that a large mean does not cost digits.
type channelNorm struct {
	mean, scale, shift []float32
}

// apply normalises x, the channels from at on.
func (n *channelNorm) apply(k *simd.Kernels, y, x []float32, at int) {
	end := at + len(x)
	k.Normalize(y, x, n.mean[at:end], n.scale[at:end], n.shift[at:end])
}

// groupSpace is the memory of groupMoments between calls.
type groupSpace struct {
	parts []moments // [B, chunks, G]
	norm  channelNorm
}

// groupMoments returns the GroupNorm of x before its activation, as a norm of each channel. It is valid until the next
// call.
//
// Each chunk of positions is measured on its own and the results are merged in a fixed order in float64, so that
// the result depends neither on the workers nor, to within an ulp, on the number of positions.
func (b *Backend) groupMoments(x backend.Tensor, a backend.NormArgs) *channelNorm {
	batch, c := x.Dim(0), x.Dim(-1)
	m := &b.moments
	defer forget(m)
	*m = momentsOf{b: b, x: x, data: elements[float32](x), groups: a.Groups, positions: x.Rows() / max(1, batch)}
	m.block = max(1, min(normBlock/c, normRun))
	blocks := (m.positions + m.block - 1) / m.block
	m.size = (blocks + normChunks - 1) / normChunks * m.block
	m.chunks = (m.positions + m.size - 1) / max(1, m.size)
	m.parts = grow(&b.group.parts, batch*m.chunks*a.Groups)
	clear(m.parts)
	b.pool.For(batch*m.chunks, m)
	norm := &b.group.norm
	for _, v := range [...]*[]float32{&norm.mean, &norm.scale, &norm.shift} {
		*v = grow(v, batch*c)
	}
	gamma, beta := vectorOf(a.Gamma), vectorOf(a.Beta)
	for i := range batch {
		parts := m.parts[i*m.chunks*a.Groups : (i+1)*m.chunks*a.Groups]
		norm.set(i*c, c, parts, gamma.of(i), beta.of(i), a)
	}
	return norm
}

// momentsOf measures chunks of positions of each batch item, in blocks.
type momentsOf struct {
	b         *Backend
	x         backend.Tensor
	data      []float32
	groups    int
	positions int       // of a batch item
	block     int       // positions of a block
	size      int       // positions of a chunk
	chunks    int       // of a batch item
	parts     []moments // [B, chunks, G]
}

// do measures chunk i of all batch items.
func (m *momentsOf) do(worker, i int) {
	first := i % m.chunks * m.size
	part := m.parts[i*m.groups : (i+1)*m.groups]
	for p := first; p < min(first+m.size, m.positions); p += m.block {
		if m.b.pool.stopped() {
			return
		}
		m.measure(worker, part, i/m.chunks*m.positions+p, min(m.block, first+m.size-p, m.positions-p))
	}
}

// measure adds n rows to the moments of each group.
func (m *momentsOf) measure(worker int, part []moments, row, n int) {
	c, k := m.x.Dim(-1), m.b.k
	space := m.b.space(worker)
	mean, squares := space[:c], space[c:2*c]
	clear(space[:2*c])
	for r := row; r < row+n; r++ {
		k.Add(mean, mean, m.data[m.x.Row(r):][:c])
	}
	k.Scale(mean, 1/float32(n))
	for r := row; r < row+n; r++ {
		k.AddSquares(squares, m.data[m.x.Row(r):][:c], mean)
	}
	size := c / len(part)
	for g := range part {
		part[g].add(channels(float64(n), mean[g*size:(g+1)*size], squares[g*size:(g+1)*size]))
	}
}

// channels returns the moments of channels that have n values each.
func channels(n float64, mean, squares []float32) moments {
	all := moments{n: n * float64(len(mean))}
	for _, m := range mean {
		all.mean += float64(m)
	}
	all.mean /= float64(len(mean))
	for i, m := range mean {
		d := float64(m) - all.mean
		all.squares += float64(squares[i]) + n*d*d
	}
	return all
}

// set turns the moments [chunks, G] of a batch item into the norm of its channels, from at on.
func (n *channelNorm) set(at, channels int, parts []moments, gamma, beta []float32, a backend.NormArgs) {
	size := channels / a.Groups
	for g := range a.Groups {
		var m moments
		for i := g; i < len(parts); i += a.Groups {
			m.add(parts[i])
		}
		inv := 1 / math.Sqrt(m.squares/m.n+float64(a.Eps))
		for c := g * size; c < (g+1)*size; c++ {
			s, t := inv, 0.
			if gamma != nil {
				s *= float64(gamma[c])
			}
			if beta != nil {
				t = float64(beta[c])
			}
			mean := float32(m.mean)
			n.mean[at+c], n.scale[at+c], n.shift[at+c] = mean, float32(s), float32(t+(float64(mean)-m.mean)*s)
		}
	}
}

// moments are the number, the mean and the sum of squared deviations of some values.
type moments struct{ n, mean, squares float64 }

// add merges o into m, after Chan, Golub and LeVeque.
func (m *moments) add(o moments) {
	n := m.n + o.n
	if o.n == 0 {
		return
	}
	d := o.mean - m.mean
	m.mean += d * o.n / n
	m.squares += o.squares + d*d*m.n*o.n/n
	m.n = n
}

// grow returns n elements of s, reallocating it if it is too short.
func grow[E any](s *[]E, n int) []E {
	*s = slices.Grow((*s)[:0], n)[:n]
	return *s
}
