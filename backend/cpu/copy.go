package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Copy copies src to dst, converting among F32, F16 and BF16.
func (b *Backend) Copy(dst, src backend.Tensor) {
	from, to := src.DType(), dst.DType()
	switch {
	case from == tensor.F32 && to == tensor.F32:
		map1(b, dst, src, func(_ int, dst, src []float32) { copy(dst, src) })
	case from == to:
		map1(b, dst, src, func(_ int, dst, src []uint16) { copy(dst, src) })
	case to == tensor.F32:
		widen := b.widen(from)
		map1(b, dst, src, func(_ int, dst []float32, src []uint16) { widen(dst, src) })
	case from == tensor.F32:
		narrow := b.narrow(to)
		map1(b, dst, src, func(_ int, dst []uint16, src []float32) { narrow(dst, src) })
	default:
		widen, narrow := b.widen(from), b.narrow(to)
		map1(b, dst, src, func(worker int, dst, src []uint16) {
			wide := b.space(worker)[:len(src)]
			widen(wide, src)
			narrow(dst, wide)
		})
	}
}

// widen returns the conversion of a 16-bit type to F32.
func (b *Backend) widen(from tensor.DType) func(dst []float32, src []uint16) {
	if from == tensor.F16 {
		return b.k.FromF16
	}
	return b.k.FromBF16
}

// narrow returns the conversion of F32 to a 16-bit type.
func (b *Backend) narrow(to tensor.DType) func(dst []uint16, src []float32) {
	if to == tensor.F16 {
		return b.k.ToF16
	}
	return b.k.ToBF16
}
