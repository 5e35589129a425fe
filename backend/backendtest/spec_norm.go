package backendtest

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// moments are the statistics of n values.
type moments struct {
	n, mean, variance, size, square float64 // size: the mean of |x|; square: the mean of x²
}

func momentsOf(n int, value func(j int) float32) moments {
	m := moments{n: float64(n)}
	for j := range n {
		x := float64(value(j))
		m.mean += x / m.n
		m.size += math.Abs(x) / m.n
		m.square += x * x / m.n
	}
	for j := range n {
		d := float64(value(j)) - m.mean
		m.variance += d * d / m.n
	}
	return m
}

// normalise returns (x - mean)/√(var + eps) and its error. The mean and the variance are sums of n terms, which may
// have equal signs.
func (m moments) normalise(x, eps float64) (y, err float64) {
	scale := 1 / math.Sqrt(m.variance+eps)
	y = (x - m.mean) * scale
	err = scale * (sumError*(math.Abs(x)+math.Abs(m.mean)) + math.Sqrt(m.n)*m.size)
	return y, err + math.Abs(y)*math.Sqrt(m.n)/2
}

func (s *spec) LayerNorm(dst, x Tensor, a backend.NormArgs) {
	xs, d := tensor.Float32s(x), x.Dim(-1)
	rows := rowMoments(x)
	s.at = func(i int) (y, err float64) {
		row, c := i/d, i%d
		y, err = rows[row].normalise(float64(xs[i]), float64(a.Eps))
		gamma, one := vector(a.Gamma, item(x, row), c, 1), 0.0
		if a.PlusOne {
			gamma, one = vector(a.Gamma, item(x, row), c, 0), 1
		}
		beta := vector(a.Beta, item(x, row), c, 0)
		size := math.Abs(gamma) + one
		return y*(gamma+one) + beta, err*size + sumError*(math.Abs(y)*size+math.Abs(beta))
	}
}

func (s *spec) RMSNorm(dst, x Tensor, a backend.NormArgs) {
	xs, d := tensor.Float32s(x), x.Dim(-1)
	rows := rowMoments(x)
	s.at = func(i int) (y, err float64) {
		row, c := i/d, i%d
		y = float64(xs[i]) / math.Sqrt(rows[row].square+float64(a.Eps)) * vector(a.Gamma, item(x, row), c, 1)
		return y, math.Abs(y) * (sumError + math.Sqrt(float64(d))/2)
	}
}

func (s *spec) GroupNorm(dst, x Tensor, a backend.NormArgs) { s.at = groupNorm(x, a) }

// groupNorm returns element i of x [B, ..., C], normalised and activated, and its error.
func groupNorm(x Tensor, a backend.NormArgs) func(i int) (y, err float64) {
	xs, channels := tensor.Float32s(x), x.Dim(-1)
	width := channels / a.Groups
	positions := x.Rows() / x.Dim(0)
	var groups []moments
	for b := range x.Dim(0) {
		for g := range a.Groups {
			first := b*positions*channels + g*width
			groups = append(groups, momentsOf(positions*width, func(j int) float32 {
				return xs[first+j/width*channels+j%width]
			}))
		}
	}
	return func(i int) (y, err float64) {
		b, c := i/channels/positions, i%channels
		group := groups[b*a.Groups+c/width]
		y, err = group.normalise(float64(xs[i]), float64(a.Eps))
		gamma, beta := vector(a.Gamma, b, c, 1), vector(a.Beta, b, c, 0)
		return activate(a.Act, y*gamma+beta, err*math.Abs(gamma)+sumError*(math.Abs(y*gamma)+math.Abs(beta)))
	}
}

// rowMoments returns the statistics of every row of x.
func rowMoments(x Tensor) []moments {
	xs, d := tensor.Float32s(x), x.Dim(-1)
	var rows []moments
	for row := range x.Rows() {
		rows = append(rows, momentsOf(d, func(j int) float32 { return xs[row*d+j] }))
	}
	return rows
}
