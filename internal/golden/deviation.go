package golden

import (
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// Deviation returns the root of the summed squared differences, relative to that of what is wanted; infinity if the tensors are
// not alike.
func Deviation(got, want tensor.Tensor) float64 {
	if !got.SameShape(want) || got.DType() != want.DType() {
		return math.Inf(1)
	}
	g, w := numbers(got), numbers(want)
	var difference, size float64
	for i := range w {
		difference += (g[i] - w[i]) * (g[i] - w[i])
		size += w[i] * w[i]
	}
	return math.Sqrt(difference / max(size, math.SmallestNonzeroFloat64))
}

// numbers returns the elements of a host tensor.
func numbers(x tensor.Tensor) (v []float64) {
	switch x.DType() {
	case tensor.F32:
		for _, f := range tensor.Float32s(x) {
			v = append(v, float64(f))
		}
	case tensor.I32:
		for _, i := range tensor.Int32s(x) {
			v = append(v, float64(i))
		}
	default:
		for _, b := range tensor.Bytes(x) {
			v = append(v, float64(b))
		}
	}
	return v
}
