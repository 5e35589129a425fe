package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Copy copies src to dst, converting among F32, F16 and BF16.
func (b *Backend) Copy(dst, src backend.Tensor) {
	from, to := src.DType(), dst.DType()
	b.each(dst, src, backend.Tensor{}, elementwise{widen: b.widen(from), narrow: b.narrow(to), line: copying(from, to)})
}

// copying returns how a line is copied from one type to another.
func copying(from, to tensor.DType) func(e *elementwise, worker, i int) {
	switch {
	case from == tensor.F32 && to == tensor.F32:
		return func(e *elementwise, _, i int) { copy(e.dst.f32(i), e.x.f32(i)) }
	case from == to:
		return func(e *elementwise, _, i int) { copy(e.dst.f16(i), e.x.f16(i)) }
	case to == tensor.F32:
		return func(e *elementwise, _, i int) { e.widen(e.dst.f32(i), e.x.f16(i)) }
	case from == tensor.F32:
		return func(e *elementwise, _, i int) { e.narrow(e.dst.f16(i), e.x.f32(i)) }
	default:
		return func(e *elementwise, worker, i int) {
			src := e.x.f16(i)
			wide := e.b.space(worker)[:len(src)]
			e.widen(wide, src)
			e.narrow(e.dst.f16(i), wide)
		}
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
