package simd

import (
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// transposed is how many rows and columns of weights a transposition in assembly takes at a time.
const transposed = 8

// packer returns Kernels.PackF32 and its like for panels of nr columns. Blocks of 8×8 go through transpose, if there is
// one, and the edges through convert, which is a loop over one row: dst[i*stride] = src[i].
func packer[E float32 | uint16 | int8](nr int, transpose func(dst *float32, stride int, src *E, ld, blocks int), convert func(dst []float32, stride int, src []E)) func(dst *float32, src *E, ld, n, k int) {
	return func(dst *float32, src *E, ld, n, k int) {
		panel := unsafe.Slice(dst, k*nr)
		whole, across := 0, 0
		if transpose != nil && k >= transposed {
			whole, across = k/transposed*transposed, n/transposed*transposed
		}
		for j := 0; j < across; j += transposed {
			transpose(&panel[j], nr, at(src, j*ld), ld, whole/transposed)
		}
		for j := range n {
			from := 0
			if j < across {
				from = whole
			}
			if from < k {
				convert(panel[from*nr+j:], nr, unsafe.Slice(at(src, j*ld+from), k-from))
			}
		}
		if n < nr {
			for i := 0; i < len(panel); i += nr {
				clear(panel[i+n : i+nr])
			}
		}
	}
}

func at[E any](p *E, i int) *E {
	return (*E)(unsafe.Add(unsafe.Pointer(p), i*int(unsafe.Sizeof(*p))))
}

func packF32Generic(dst []float32, stride int, src []float32) {
	packGeneric(dst, stride, src, func(v float32) float32 { return v })
}

func packF16Generic(dst []float32, stride int, src []uint16) {
	packGeneric(dst, stride, src, tensor.FromF16)
}

func packBF16Generic(dst []float32, stride int, src []uint16) {
	packGeneric(dst, stride, src, tensor.FromBF16)
}

func packI8Generic(dst []float32, stride int, src []int8) {
	packGeneric(dst, stride, src, func(v int8) float32 { return float32(v) })
}

func packGeneric[E any](dst []float32, stride int, src []E, f func(E) float32) {
	for i, v := range src {
		dst[i*stride] = f(v)
	}
}
