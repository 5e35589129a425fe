package golden

import (
	"bytes"
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// Difference returns max|got-want| / max|want| of F32 tensors, and infinity if they have other types or shapes or are not
// finite. The levels of a picture, U8, have no difference if at most one in a thousand is off, by one; other tensors have
// none or an infinite one.
func Difference(got, want tensor.Tensor) float64 {
	same := got.DType() == want.DType() && got.SameShape(want)
	switch {
	case same && want.DType() == tensor.F32:
		return relative(tensor.Float32s(got), tensor.Float32s(want))
	case same && want.DType() == tensor.U8:
		return levels(tensor.Bytes(got), tensor.Bytes(want))
	case same && bytes.Equal(tensor.Bytes(got), tensor.Bytes(want)):
		return 0
	}
	return math.Inf(1)
}

func relative(got, want []float32) float64 {
	largest, diff := 0.0, 0.0
	for i, g := range got {
		largest = max(largest, math.Abs(float64(want[i])))
		diff = max(diff, math.Abs(float64(g)-float64(want[i]))) // a NaN stays
	}
	return diff / max(largest, math.SmallestNonzeroFloat32)
}

func levels(got, want []byte) float64 {
	off := 0
	for i, g := range got {
		if d := int(g) - int(want[i]); d < -1 || d > 1 {
			return math.Inf(1)
		} else if d != 0 {
			off++
		}
	}
	if off*1000 > len(want) {
		return float64(off) / float64(len(want))
	}
	return 0
}
