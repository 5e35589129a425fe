package backendtest

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func (s *spec) Attention(dst, q, k, v Tensor, a backend.AttentionArgs) {
	vs := rounded(tensor.Float32s(v), s.compute)
	lq, heads, lk, dv := q.Dim(1), q.Dim(2), k.Dim(1), v.Dim(3)
	var of int // the row and head that p and perr belong to
	var p, perr []float64
	s.at = func(i int) (y, err float64) {
		if p == nil || of != i/dv {
			of = i / dv
			p, perr = softmax(s.scores(of/heads/lq, of/heads%lq, of%heads, q, k, a))
		}
		b, h := of/heads/lq, of%heads
		value := func(j int) float64 { return float64(vs[((b*lk+j)*heads+h)*dv+i%dv]) }
		for j := range p {
			y += p[j] * value(j)
		}
		for j := range p {
			size := math.Abs(value(j))
			err += p[j] * (perr[j]*(size+math.Abs(y)) + sumError*size + s.rounding(size) + s.weightRounding(size))
		}
		return y, err + math.Sqrt(float64(len(p)))*math.Abs(y)
	}
}

// weightRounding returns the error of rounding a weight of a value.
func (s *spec) weightRounding(value float64) float64 { return value * halfUnit[s.compute] / unit }

// queries returns q as products take it: rounded to the type of operands after it is scaled.
func (s *spec) queries(q []float32, scale float32) []float32 {
	if s.compute != tensor.BF16 {
		return q
	}
	scaled := make([]float32, len(q))
	for i, v := range q {
		scaled[i] = v * scale
	}
	return rounded(scaled, s.compute)
}

// scores returns q·kᵀ·scale + bias of query i in batch item b and head h, with errors, for the keys that it sees.
func (s *spec) scores(b, i, h int, q, k Tensor, a backend.AttentionArgs) (score, err []float64) {
	qs, ks := s.queries(tensor.Float32s(q), a.Scale), rounded(tensor.Float32s(k), s.compute)
	lq, heads, d, lk := q.Dim(1), q.Dim(2), q.Dim(3), k.Dim(1)
	seen := lk
	if a.Causal {
		seen = min(i+1, lk)
	}
	qs = qs[((b*lq+i)*heads+h)*d:]
	for j := range seen {
		kj := ks[((b*lk+j)*heads+h)*d:]
		var dot, size, bias float64
		for c := range d {
			p := float64(qs[c]) * float64(kj[c])
			dot += p
			size += math.Abs(p)
		}
		if !a.Bias.IsZero() {
			bias = float64(tensor.Float32s(a.Bias)[(h*lq+i)*lk+j])
		}
		scale := float64(a.Scale)
		if s.compute == tensor.BF16 { // it is in the queries
			scale = 1
		}
		score = append(score, dot*scale+bias)
		if math.IsInf(bias, -1) { // a masked key has exactly no weight
			bias, size = 0, 0
		}
		err = append(err, sumError*(size*math.Abs(scale)+math.Abs(bias)))
	}
	return score, err
}

// softmax returns exp(score)/Σexp(score), with relative errors, for scores of absolute errors err.
func softmax(score, err []float64) (p, perr []float64) {
	top := math.Inf(-1)
	for _, x := range score {
		top = max(top, x)
	}
	sum := 0.0
	for j, x := range score {
		e := math.Exp(x - top)
		p = append(p, e)
		if e == 0 {
			x = top
		}
		perr = append(perr, err[j]+4+(top-x))
		sum += e
	}
	for j := range p {
		p[j] /= sum
	}
	return p, perr
}

func (s *spec) DeformAttention(dst, v, offsets, logits Tensor, a backend.DeformArgs) {
	os, ls := tensor.Float32s(offsets), tensor.Float32s(logits)
	heads, d, cells := v.Dim(2), v.Dim(3), a.Rows*a.Cols
	s.at = func(i int) (y, err float64) {
		token, h, c := i/d/heads, i/d%heads, i%d
		n := token % cells
		first := (token*heads + h) * a.Points
		var logit []float64
		for _, l := range ls[first : first+a.Points] {
			logit = append(logit, float64(l))
		}
		p, perr := softmax(logit, make([]float64, a.Points))
		for j := range p {
			x := float64(n%a.Cols) + float64(os[2*(first+j)])
			z := float64(n/a.Cols) + float64(os[2*(first+j)+1])
			sample, size, corners := bilinear(v, a, token/cells, h, c, x, z)
			y += p[j] * sample
			if corners > 0 { // else it is outside, perhaps infinitely far
				err += p[j] * ((8+perr[j])*size + 2*(math.Abs(x)+math.Abs(z))*corners)
			}
		}
		return y, err
	}
}

// bilinear samples channel c of head h of v at (x, y). size is the sum of the absolute values of the terms of the
// result; corners is that sum without weights, by which an error of the position counts.
func bilinear(v Tensor, a backend.DeformArgs, b, h, c int, x, y float64) (sample, size, corners float64) {
	if x != x || y != y {
		return math.NaN(), 0, 0
	}
	vs := tensor.Float32s(v)
	for row := range a.Rows {
		for col := range a.Cols {
			dx, dy := math.Abs(x-float64(col)), math.Abs(y-float64(row))
			if dx > 1 || dy > 1 {
				continue
			}
			value := float64(vs[((b*a.Rows*a.Cols+row*a.Cols+col)*v.Dim(2)+h)*v.Dim(3)+c])
			sample += (1 - dx) * (1 - dy) * value
			size += (1 - dx) * (1 - dy) * math.Abs(value)
			corners += math.Abs(value)
		}
	}
	return sample, size, corners
}

func (s *spec) Rope(x, cos, sin Tensor) {
	xs, cs, ss := tensor.Float32s(x), tensor.Float32s(cos), tensor.Float32s(sin)
	l, heads, d := x.Dim(1), x.Dim(2), x.Dim(3)
	s.at = func(i int) (y, err float64) {
		pair := i/d/heads%l*(d/2) + i%d/2
		c, s := float64(cs[pair]), float64(ss[pair])
		x0, x1 := float64(xs[i&^1]), float64(xs[i|1])
		if i%2 == 1 {
			x0, x1, s = x1, x0, -s
		}
		return x0*c - x1*s, 2 * (math.Abs(x0*c) + math.Abs(x1*s))
	}
}
