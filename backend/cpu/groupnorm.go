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
	norm := b.groupMoments(x, a)
	rows, c := x.Rows(), x.Dim(-1)
	items := max(1, rows/max(1, x.Dim(0)))
	from, to := elements[float32](x), elements[float32](dst)
	act := b.k.Act[a.Act]
	b.share(rows, c, func(_, r int) {
		y := to[dst.Row(r):][:c]
		at := r / items * c
		norm.apply(b.k, y, from[x.Row(r):][:c], at)
		if a.Act != backend.None {
			act(y, y)
		}
	})
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
	positions := x.Rows() / max(1, batch)
	block := max(1, min(normBlock/c, normRun))
	blocks := (positions + block - 1) / block
	size := (blocks + normChunks - 1) / normChunks * block
	chunks := (positions + size - 1) / max(1, size)
	parts := grow(&b.group.parts, batch*chunks*a.Groups)
	clear(parts)
	b.pool.For(batch*chunks, func(worker, i int) {
		first := i % chunks * size
		part := parts[i*a.Groups : (i+1)*a.Groups]
		for p := first; p < min(first+size, positions); p += block {
			if b.pool.stopped() {
				return
			}
			row := i/chunks*positions + p
			b.measure(worker, part, x, row, min(block, first+size-p, positions-p))
		}
	})
	norm := &b.group.norm
	for _, v := range []*[]float32{&norm.mean, &norm.scale, &norm.shift} {
		*v = grow(v, batch*c)
	}
	gamma, beta := vectorOf(a.Gamma), vectorOf(a.Beta)
	for i := range batch {
		parts := parts[i*chunks*a.Groups : (i+1)*chunks*a.Groups]
		norm.set(i*c, c, parts, gamma.of(i), beta.of(i), a)
	}
	return norm
}

// measure adds n rows of x to the moments of each group.
func (b *Backend) measure(worker int, part []moments, x backend.Tensor, row, n int) {
	c := x.Dim(-1)
	data := elements[float32](x)
	space := b.space(worker)
	mean, squares := space[:c], space[c:2*c]
	clear(space[:2*c])
	for r := row; r < row+n; r++ {
		b.k.Add(mean, mean, data[x.Row(r):][:c])
	}
	b.k.Scale(mean, 1/float32(n))
	for r := row; r < row+n; r++ {
		b.k.AddSquares(squares, data[x.Row(r):][:c], mean)
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
