package cpu

import (
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// pack makes the panel of n ≤ NR rows of k weights: rows are ld elements apart, the first begins at element from of w.
func pack(kernels *simd.Kernels, panel []float32, w backend.Tensor, from, ld, n, k int) {
	src := unsafe.Pointer(&w.Mem.Host[w.Offset()+from*w.DType().Size()])
	switch w.DType() {
	case tensor.F32:
		kernels.PackF32(&panel[0], (*float32)(src), ld, n, k)
	case tensor.F16:
		kernels.PackF16(&panel[0], (*uint16)(src), ld, n, k)
	case tensor.I8:
		kernels.PackI8(&panel[0], (*int8)(src), ld, n, k)
	default:
		kernels.PackBF16(&panel[0], (*uint16)(src), ld, n, k)
	}
}
