package cpu

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestGemmAgreement compares AVX2 with AVX-512, which sum in the same order.
func TestGemmAgreement(t *testing.T) {
	r := random("agreement")
	all, bias := normal(r, 45, 300), normal(r, 70)
	for _, dt := range []tensor.DType{tensor.BF16, tensor.F16} {
		w := weights(r, dt, 70, 300)
		for _, rows := range []int{1, 2, 7, 45} {
			x := all.Slice(0, 0, rows)
			sameBits(t, func(b *Backend) []float32 {
				dst := blank(rows, 70)
				b.Gemm(dst, x, w, backend.GemmArgs{Bias: bias})
				return tensor.Float32s(dst)
			})
		}
	}
}

// TestConvAgreement does so for a convolution.
func TestConvAgreement(t *testing.T) {
	r := random("agreement")
	x := normal(r, 1, 9, 31, 220)
	w := weights(r, tensor.F16, 40, 3, 3, 220)
	sameBits(t, func(b *Backend) []float32 {
		dst := blank(1, 9, 31, 40)
		b.Conv2D(dst, x, w, backend.ConvArgs{Stride: 1, Pad: [4]int{1, 1, 1, 1}})
		return tensor.Float32s(dst)
	})
}

// sameBits makes sure that f returns the same values with each implementation in assembly.
func sameBits(t *testing.T, f func(b *Backend) []float32) {
	t.Helper()
	var want []float32
	for _, k := range simd.Variants() {
		if k.Name == "generic" {
			continue // it does not fuse multiplications with additions
		}
		got := f(opened(t, 2, k))
		if want != nil {
			if i := firstDifference(got, want); i >= 0 {
				t.Fatalf("%s: element %d is %g, want %g", k.Name, i, got[i], want[i])
			}
		}
		want = got
	}
}
