package cpu

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
)

// GroupNorm normalises x [B, ..., C] over groups of channels and all positions of a batch item, then computes
// act(·γ + β).
func (b *Backend) GroupNorm(dst, x backend.Tensor, a backend.NormArgs) {
	scale, shift := b.groupAffine(x, a)
	rows, c := x.Rows(), x.Dim(-1)
	items := max(1, rows/max(1, x.Dim(0)))
	from, to := elements[float32](x), elements[float32](dst)
	affine, act := b.k.Affine, b.k.Act[a.Act]
	b.share(rows, c, func(_, r int) {
		y := to[dst.Row(r):][:c]
		at := r / items * c
		affine(y, from[x.Row(r):][:c], scale[at:at+c], shift[at:at+c])
		if a.Act != backend.None {
			act(y, y)
		}
	})
}

const (
	normBlock  = 1 << 14 // elements that are read twice, for mean and deviations, while in the cache
	normChunks = 256     // the most parts of a batch item that are measured apart
)

// groupSpace is the memory of groupAffine between calls.
type groupSpace struct {
	parts        []moments // [B, chunks, G]
	scale, shift []float32 // [B, C]
}

// groupAffine returns scale and shift [B, C] such that x·scale + shift is the GroupNorm of x before its activation.
// They are valid until the next call.
//
// Each chunk of positions is measured on its own and the results are merged in a fixed order in float64, so that
// the result depends neither on the workers nor, to within an ulp, on the number of positions.
func (b *Backend) groupAffine(x backend.Tensor, a backend.NormArgs) (scale, shift []float32) {
	batch, c := x.Dim(0), x.Dim(-1)
	positions := x.Rows() / max(1, batch)
	block := max(1, normBlock/c)
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
	scale, shift = grow(&b.group.scale, batch*c), grow(&b.group.shift, batch*c)
	gamma, beta := vectorOf(a.Gamma), vectorOf(a.Beta)
	for i := range batch {
		parts := parts[i*chunks*a.Groups : (i+1)*chunks*a.Groups]
		affineOf(scale[i*c:(i+1)*c], shift[i*c:(i+1)*c], parts, gamma.of(i), beta.of(i), a)
	}
	return scale, shift
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
	for i := range mean {
		part[i/size].add(moments{float64(n), float64(mean[i]), float64(squares[i])})
	}
}

// affineOf turns the moments [chunks, G] of a batch item into scale and shift [C].
func affineOf(scale, shift []float32, parts []moments, gamma, beta []float32, a backend.NormArgs) {
	size := len(scale) / a.Groups
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
			scale[c], shift[c] = float32(s), float32(t-m.mean*s)
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
	if cap(*s) < n {
		*s = make([]E, n)
	}
	return (*s)[:n]
}
