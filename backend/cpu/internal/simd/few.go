package simd

import (
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A few multiplies few rows of x with weights as they are stored, at most so many at once.
type few struct {
	most               int // a power of two, as are the numbers of rows that its functions multiply
	f32, f16, bf16, i8 func(c, x Rows, w *byte, ld, rows, n, k int)
}

// fewBytes is how many bytes of weights stay in the first cache while all rows of x pass by.
const fewBytes = 16 << 10

func (f few) multiply(c, x Rows, w Matrix, rows, n, k int) {
	multiply, block := f.of(w.Type), max(1, fewBytes/max(1, k*w.Type.Size())/4)*4
	for j := 0; j < n; j += block {
		for i := 0; i < rows; {
			some := f.most
			for some > rows-i {
				some /= 2
			}
			multiply(rowsFrom(c, i, j), rowsFrom(x, i, 0), (*byte)(unsafe.Add(w.At, j*w.Ld)), w.Ld, some, min(block, n-j), k)
			i += some
		}
	}
}

func (f few) of(weights tensor.DType) func(c, x Rows, w *byte, ld, rows, n, k int) {
	switch weights {
	case tensor.F32:
		return f.f32
	case tensor.F16:
		return f.f16
	case tensor.I8:
		return f.i8
	}
	return f.bf16
}
