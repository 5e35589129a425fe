package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// pack makes the panels of n rows of k weights: rows are ld elements apart, the first begins at element from of w.
func pack(kernels *simd.Kernels, panels []float32, w backend.Tensor, ld, from, n, k int) {
	switch w.DType() {
	case tensor.F32:
		packWith(kernels.PackF32, kernels.NR, panels, elements[float32](w)[from:], ld, n, k)
	case tensor.F16:
		packWith(kernels.PackF16, kernels.NR, panels, elements[uint16](w)[from:], ld, n, k)
	default:
		packWith(kernels.PackBF16, kernels.NR, panels, elements[uint16](w)[from:], ld, n, k)
	}
}

func packWith[E float32 | uint16](packPanel func(dst *float32, src *E, ld, n, k int), nr int, panels []float32, w []E, ld, n, k int) {
	if k == 0 {
		return
	}
	for j := 0; j < n; j += nr {
		packPanel(&panels[j*k], &w[j*ld], ld, min(nr, n-j), k)
	}
}
