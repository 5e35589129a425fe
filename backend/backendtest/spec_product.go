package backendtest

import (
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func (s *spec) Gemm(dst, x Tensor, w backend.Weight, a backend.GemmArgs) {
	s.integersOnlyFor(w)
	n, k := w.Outputs(), w.Matrix.Dim(1)
	old, xs, ws := tensor.Float32s(dst), s.tokens(tensor.Float32s(x), k), s.weights(w.Matrix)
	output := func(row, col int) (y, err float64) {
		for j := range k {
			p := xs[row*k+j] * float64(ws[col*k+j])
			y += p
			err += math.Abs(p)
		}
		err = s.sumError(err, y)
		if !w.Scale.IsZero() {
			y *= vector(w.Scale, 0, col, 1)
			err = err*math.Abs(vector(w.Scale, 0, col, 1)) + math.Abs(y) // one more rounding
		}
		bias := vector(a.Bias, item(x, row), col, 0)
		return y + bias, err + sumError*math.Abs(bias)
	}
	s.at = func(i int) (y, err float64) {
		if a.Glu {
			row, col := i/(n/2), i%(n/2)
			y, err = output(row, col) // both halves may be stored in between
			z, zerr := output(row, n/2+col)
			err += s.rounding(y)
			z, zerr = activate(a.Act, z, zerr+s.rounding(z))
			return y * z, math.Abs(y)*zerr + math.Abs(z)*err + err*zerr*unit + 2*math.Abs(y*z)
		}
		row, col := i/n, i%n
		y, err = output(row, col)
		y, err = activate(a.Act, y, err)
		if a.Add {
			gate := vector(a.Gate, item(x, row), col, 1)
			y, err = accumulate(float64(old[i]), gate*y, math.Abs(gate)*err)
		}
		return y, err
	}
}

// integersOnlyFor makes operands stay what they are beside weights that are no integers.
func (s *spec) integersOnlyFor(w backend.Weight) {
	if s.compute == tensor.I8 && w.Scale.IsZero() {
		s.compute = 0
	}
}

// sumError returns the error of a sum y of products whose sizes have the given sum. That of integers is exact; it is rounded, as is
// what it means.
func (s *spec) sumError(size, y float64) float64 {
	if s.compute == tensor.I8 {
		return 2 * math.Abs(y)
	}
	return sumError * size
}

// tokens returns rows of k numbers as products take them.
func (s *spec) tokens(x []float32, k int) []float64 {
	y := make([]float64, 0, len(x))
	for row := range slices.Chunk(rounded(x, s.compute), max(k, 1)) {
		scale := integerScale(row)
		for _, v := range row {
			if s.compute == tensor.I8 {
				y = append(y, scale.integer(v)*float64(scale))
			} else {
				y = append(y, float64(v))
			}
		}
	}
	return y
}

// A scale is what one means where numbers are integers, the largest 127.
type scale float32

// integerScale returns the scale of numbers.
func integerScale(x []float32) scale {
	most := float32(0)
	for _, v := range x {
		most = max(most, float32(math.Abs(float64(v))))
	}
	return scale(most / 127)
}

// integer returns v as an integer.
func (s scale) integer(v float32) float64 {
	if s == 0 {
		return 0
	}
	return math.RoundToEven(float64(v * (1 / float32(s))))
}

// accumulate returns old + y and its error, for a y whose error is err.
func accumulate(old, y, err float64) (sum, sumErr float64) {
	return old + y, err + 2*(math.Abs(old)+math.Abs(y))
}

func (s *spec) Conv2D(dst, x Tensor, w backend.Weight, a backend.ConvArgs) {
	s.integersOnlyFor(w)
	old, ws := tensor.Float32s(dst), s.weights(w.Matrix)
	read := s.image(x, a)
	term := float64(sumError)
	if s.compute == tensor.I8 {
		term = 0
	}
	kh, kw, in := w.Matrix.Dim(1), w.Matrix.Dim(2), w.Matrix.Dim(3)
	s.at = func(i int) (y, err float64) {
		b, row, col, o := split4(i, dst)
		for ky := range kh {
			for kx := range kw {
				for c := range in {
					v, verr := read(b, row*a.Stride+ky-a.Pad[0], col*a.Stride+kx-a.Pad[1], c)
					weight := float64(ws[((o*kh+ky)*kw+kx)*in+c])
					y += v * weight
					err += (term*math.Abs(v) + verr) * math.Abs(weight)
				}
			}
		}
		if term == 0 {
			err += 2 * math.Abs(y)
		}
		if !w.Scale.IsZero() {
			y *= vector(w.Scale, 0, o, 1)
			err = err*math.Abs(vector(w.Scale, 0, o, 1)) + math.Abs(y)
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
	}
	at = s.pixels(x, at)
	if (a.Norm.Groups > 0 || s.compute == tensor.BF16 || s.compute == tensor.I8) && x.Len() < 1<<22 {
		at = tabulated(x.Len(), at) // a convolution reads every element many times
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

// pixels returns numbers of an image x as products take them. What has an error may be rounded the other way.
func (s *spec) pixels(x Tensor, at func(i int) (v, err float64)) func(i int) (v, err float64) {
	switch s.compute {
	case tensor.BF16:
		return func(i int) (v, err float64) {
			v, err = at(i)
			if err > 0 {
				err += 2 * math.Abs(v) * halfUnit[tensor.BF16] / unit
			}
			return float64(round(float32(v), tensor.BF16)), err
		}
	case tensor.I8:
		size := x.Len() / max(1, x.Dim(0))
		var scales []scale
		for item := range x.Dim(0) {
			image := make([]float32, size)
			for i := range image {
				v, _ := at(item*size + i)
				image[i] = float32(v)
			}
			scales = append(scales, integerScale(image))
		}
		return func(i int) (v, err float64) {
			v, err = at(i)
			one := scales[i/size]
			if err > 0 {
				err += float64(one) / unit
			}
			return one.integer(float32(v)) * float64(one), err
		}
	}
	return at
}

// tabulated returns at as a table of n elements.
func tabulated(n int, at func(i int) (y, err float64)) func(i int) (y, err float64) {
	ys, errs := make([]float64, n), make([]float64, n)
	for i := range n {
		ys[i], errs[i] = at(i)
	}
	return func(i int) (y, err float64) { return ys[i], errs[i] }
}
