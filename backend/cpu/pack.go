package cpu

import (
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// matrixOf returns rows of w that are ld numbers apart, the first beginning at number from.
func matrixOf(w backend.Tensor, from, ld int) simd.Matrix {
	size := w.DType().Size()
	return simd.Matrix{At: unsafe.Pointer(&w.Mem.Host[w.Offset()+from*size]), Type: w.DType(), Ld: ld * size}
}

// fill makes every word the same.
func fill(words []float32, word float32) {
	for i := range words {
		words[i] = word
	}
}
