package backendtest

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func (s *spec) Gemm(dst, x Tensor, w backend.Weight, a backend.GemmArgs) {
	old, xs, ws := tensor.Float32s(dst), tensor.Float32s(x), s.weights(w.Matrix)
	n, k := w.Outputs(), w.Matrix.Dim(1)
	s.at = func(i int) (y, err float64) {
		row, col := i/n, i%n
		for j := range k {
			p := float64(xs[row*k+j]) * float64(ws[col*k+j])
			y += p
			err += math.Abs(p)
		}
		err *= sumError
		if !w.Scale.IsZero() {
			y *= vector(w.Scale, 0, col, 1)
			err = err*math.Abs(vector(w.Scale, 0, col, 1)) + math.Abs(y) // one more rounding
		}
		bias := vector(a.Bias, item(x, row), col, 0)
		y, err = activate(a.Act, y+bias, err+sumError*math.Abs(bias))
		if a.Add {
			gate := vector(a.Gate, item(x, row), col, 1)
			y, err = accumulate(float64(old[i]), gate*y, math.Abs(gate)*err)
		}
		return y, err
	}
}

// accumulate returns old + y and its error, for a y whose error is err.
func accumulate(old, y, err float64) (sum, sumErr float64) {
	return old + y, err + 2*(math.Abs(old)+math.Abs(y))
}

func (s *spec) Conv2D(dst, x Tensor, w backend.Weight, a backend.ConvArgs) {
	old, ws := tensor.Float32s(dst), s.weights(w.Matrix)
	read := s.image(x, a)
	kh, kw, in := w.Matrix.Dim(1), w.Matrix.Dim(2), w.Matrix.Dim(3)
	s.at = func(i int) (y, err float64) {
		b, row, col, o := split4(i, dst)
		for ky := range kh {
			for kx := range kw {
				for c := range in {
					v, verr := read(b, row*a.Stride+ky-a.Pad[0], col*a.Stride+kx-a.Pad[1], c)
					weight := float64(ws[((o*kh+ky)*kw+kx)*in+c])
					y += v * weight
					err += (sumError*math.Abs(v) + verr) * math.Abs(weight)
				}
			}
		}
		bias := vector(a.Bias, b, o, 0)
		y, err = y+bias, err+sumError*math.Abs(bias)
		if a.Add {
			y, err = accumulate(float64(old[i]), y, err)
		}
		return y, err
	}
}

// split4 returns the indices of element i of t [B, H, W, C].
func split4(i int, t Tensor) (b, row, col, c int) {
	i, c = i/t.Dim(3), i%t.Dim(3)
	i, col = i/t.Dim(2), i%t.Dim(2)
	return i / t.Dim(1), i % t.Dim(1), col, c
}

// image returns how Conv2D reads x: enlarged, normalised, and 0 around it. What a norm gives may be rounded to the type of x.
func (s *spec) image(x Tensor, a backend.ConvArgs) func(b, row, col, c int) (v, err float64) {
	xs := tensor.Float32s(x)
	at := func(i int) (v, err float64) { return float64(xs[i]), 0 }
	if a.Norm.Groups > 0 {
		norm := groupNorm(x, a.Norm)
		at = func(i int) (v, err float64) {
			v, err = norm(i)
			return v, err + s.rounding(v)
		}
		if x.Len() < 1<<22 {
			at = tabulated(x.Len(), at) // a convolution reads every element many times
		}
	}
	rows, cols, channels := x.Dim(1), x.Dim(2), x.Dim(3)
	height, width, enlarged := rows, cols, 1
	if a.Upsample != [2]int{} {
		height, width, enlarged = a.Upsample[0], a.Upsample[1], 2
	}
	return func(b, row, col, c int) (v, err float64) {
		if row < 0 || row >= height || col < 0 || col >= width {
			return 0, 0
		}
		return at(((b*rows+row/enlarged)*cols+col/enlarged)*channels + c)
	}
}

// tabulated returns at as a table of n elements.
func tabulated(n int, at func(i int) (y, err float64)) func(i int) (y, err float64) {
	ys, errs := make([]float64, n), make([]float64, n)
	for i := range n {
		ys[i], errs[i] = at(i)
	}
	return func(i int) (y, err float64) { return ys[i], errs[i] }
}
