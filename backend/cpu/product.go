package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// maxTerms is how many products of a byte and a signed byte a sum of 32 bits holds for sure.
const maxTerms = 1 << 16

// product returns what multiplies by w where products are to be computed in a type. Operands become integers only where weights
// are, and if sums cannot overflow; the others are then rounded to bfloat16 if that is faster.
func (b *Backend) product(compute tensor.DType, w backend.Weight) *simd.Product {
	terms := w.Matrix.Len() / max(1, w.Outputs())
	if compute == tensor.I8 && (w.Matrix.DType() != tensor.I8 || terms > maxTerms) {
		return b.floating(compute)
	}
	return b.k.Product(compute)
}

// floating is product for operands that cannot be integers.
func (b *Backend) floating(compute tensor.DType) *simd.Product {
	if compute != tensor.I8 {
		return b.k.Product(compute)
	}
	if b.k.BF16.Group > 1 {
		return &b.k.BF16
	}
	return &b.k.F32
}

// integerScale returns what one means where numbers, of which the largest has this size, are integers.
func integerScale(largest float32) float32 { return largest / simd.MaxInteger }

// inverse returns what numbers are multiplied by to become integers of the given scale. If one of them is infinite or NaN so are
// the scale and all that it will multiply.
func inverse(scale float32) float32 {
	if scale > 0 {
		return 1 / scale
	}
	return 0
}
