package backendtest

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// A spec is what the kernels should compute. Its methods take compact F32 tensors on the host (ids are I32). They write
// nothing, but set at, which returns element i of dst, in row-major order, as it is after the operation.
//
// The second result of at bounds the error of a computation in float32, in units of 2⁻²⁴, the relative error of one
// rounding. A sum of terms of random sign errs by a few times the sum of their absolute values, whatever its length; one
// of n terms of equal sign, such as a variance, by √n times that. An error of 0 says that the result is exact, apart from
// rounding it to the element type of dst.
type spec struct {
	act     tensor.DType // of activations
	compute tensor.DType // of operands of products: BF16, I8 where weights are, or anything else for what they are
	at      func(i int) (y, err float64)
}

var _ backend.Kernels = (*spec)(nil)

// sumError is the error of a sum whose terms have random signs, relative to the sum of their absolute values. Added in
// order, its root mean square is 0.4·√Σsₖ² for partial sums sₖ; that is at most 1.1 for values in [-1, 1], attained
// when some twenty terms happen to have the same sign. The greatest of ten million is 5.3 times as much.
const sumError = 6

// rounding returns the error of rounding y to the type of activations.
func (s *spec) rounding(y float64) float64 { return math.Abs(y) * halfUnit[s.act] / unit }

// weights returns the elements of w as products use them: rounded to the type of activations, or of operands. Int8 weights are exact
// in all of them.
func (s *spec) weights(w Tensor) []float32 {
	return rounded(rounded(tensor.Float32s(w), s.act), s.compute)
}

// rounded returns x rounded to a type, if that has less than 32 bits.
func rounded(x []float32, dt tensor.DType) []float32 {
	if dt != tensor.BF16 && dt != tensor.F16 {
		return x
	}
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = round(v, dt)
	}
	return y
}

// item returns the index in the first dimension of t to which its row r belongs.
func item(t Tensor, r int) int { return r / (t.Rows() / t.Dim(0)) }

// vector returns element c of a vector operand [C] or [B, C] for batch item b, or absent if there is none.
func vector(v Tensor, b, c int, absent float64) float64 {
	switch {
	case v.IsZero():
		return absent
	case v.Rank() == 1:
		return float64(tensor.Float32s(v)[c])
	}
	return float64(tensor.Float32s(v)[b*v.Dim(1)+c])
}

// activate returns f(x) and its error, for an x whose error is err.
func activate(f backend.Act, x, err float64) (y, yerr float64) {
	const slope = 1.13 // the steepest of any activation
	switch f {
	case backend.ReLU:
		return max(x, 0), err
	case backend.ReLU6:
		return min(max(x, 0), 6), err
	case backend.SiLU:
		y, yerr = swish(x, 1)
		return y, yerr + slope*err
	case backend.QuickGELU:
		y, yerr = swish(x, 1.702)
		return y, yerr + slope*err
	case backend.GELU:
		return x / 2 * (1 + math.Erf(x/math.Sqrt2)), slope*err + 4*math.Abs(x)
	case backend.GELUTanh:
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))), slope*err + 4*math.Abs(x)
	}
	return x, err
}

// swish returns x·sigmoid(a·x) and its error: that of exp counts only as far as sigmoid is below 1.
func swish(x, a float64) (y, err float64) {
	sigmoid := 1 / (1 + math.Exp(-a*x))
	y = x * sigmoid
	const flushed = 0x1p-96 // results below 2⁻¹²⁰ may become 0
	return y, math.Abs(y)*(4+(1-sigmoid)*(4+math.Abs(a*x))) + flushed
}
