package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// integers returns int8 weights, all of the same value, with a scale of 1.
func integers(value int8, dims ...int) backend.Weight {
	w := backend.Weight{Matrix: made(tensor.I8, dims...), Scale: tensor.FromFloat32s(slices.Repeat([]float32{1}, dims[0]), dims[0])}
	for i := range tensor.Bytes(w.Matrix) {
		tensor.Bytes(w.Matrix)[i] = byte(value)
	}
	return w
}

// TestLongIntegerSums multiplies as many of the largest integers as a sum may have, and one more.
func TestLongIntegerSums(t *testing.T) {
	for _, k := range simd.Variants() {
		b := opened(t, 2, k)
		for _, terms := range []int{maxTerms, maxTerms + 1} {
			x, dst := made(tensor.F32, 2, terms), blank(2, 3)
			for i, v := 0, tensor.Float32s(x); i < len(v); i++ {
				v[i] = 127
			}
			b.Gemm(dst, x, integers(127, 3, terms), backend.GemmArgs{Compute: tensor.I8})
			want := 127. * 127 * float64(terms)
			near(t, k.Name, tensor.Float32s(dst), slices.Repeat([]float64{want}, 6), 1e-4, want)
		}
	}
}

// TestIntegersOfNaN checks that what is no number makes no numbers of its row, and leaves the others alone.
func TestIntegersOfNaN(t *testing.T) {
	for _, k := range simd.Variants() {
		b := opened(t, 2, k)
		for _, value := range []float64{math.NaN(), math.Inf(1)} {
			x, dst := normal(random("NaN"), 2, 40), blank(2, 3)
			tensor.Float32s(x)[7] = float32(value)
			b.Gemm(dst, x, integers(1, 3, 40), backend.GemmArgs{Compute: tensor.I8})
			for i, v := range tensor.Float32s(dst) {
				if finite := !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0); finite != (i >= 3) {
					t.Errorf("%s: %g in the row: element %d is %g", k.Name, value, i, v)
				}
			}
		}
	}
}
