package backendtest

import (
	"encoding/binary"
	"iter"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// load returns the elements of the host tensor t as a compact one: I32 as it is, all other types as F32.
func load(t Tensor) Tensor {
	switch t.DType() {
	case tensor.F32, tensor.I32:
		v := tensor.Make(tensor.HostMemory(make([]byte, 4*t.Len())), 0, t.DType(), t.Shape()...)
		b := tensor.Bytes(v)
		for lo, hi := range rows(t) {
			b = b[copy(b, t.Mem.Host[lo:hi]):]
		}
		return v
	case tensor.F16, tensor.BF16:
		v := make([]float32, 0, t.Len())
		for lo, hi := range rows(t) {
			for ; lo < hi; lo += 2 {
				v = append(v, decode(binary.NativeEndian.Uint16(t.Mem.Host[lo:]), t.DType()))
			}
		}
		return tensor.FromFloat32s(v, t.Shape()...)
	case tensor.I8:
		v := make([]float32, 0, t.Len())
		for lo, hi := range rows(t) {
			for _, code := range t.Mem.Host[lo:hi] {
				v = append(v, float32(int8(code)))
			}
		}
		return tensor.FromFloat32s(v, t.Shape()...)
	}
	return Tensor{}
}

// store writes the elements of the compact tensor v, F32 or I32, to the host tensor t, whose type can hold them.
func store(t, v Tensor) {
	b := tensor.Bytes(v)
	switch t.DType() {
	case tensor.F16, tensor.BF16:
		b = make([]byte, 0, 2*v.Len())
		for _, x := range tensor.Float32s(v) {
			b = binary.NativeEndian.AppendUint16(b, encode(x, t.DType()))
		}
	case tensor.I8:
		b = make([]byte, 0, v.Len())
		for _, x := range tensor.Float32s(v) {
			b = append(b, byte(int8(x)))
		}
	}
	for lo, hi := range rows(t) {
		b = b[copy(t.Mem.Host[lo:hi], b):]
	}
}

// rows yields where, in its memory, the bytes of every vector of the last dimension of t begin and end.
func rows(t Tensor) iter.Seq2[int, int] {
	return func(yield func(lo, hi int) bool) {
		size := t.DType().Size()
		for r := range t.Rows() {
			lo := t.Offset() + size*t.Row(r)
			if !yield(lo, lo+size*t.Len()/t.Rows()) {
				return
			}
		}
	}
}

func decode(code uint16, dt tensor.DType) float32 {
	if dt == tensor.F16 {
		return tensor.FromF16(code)
	}
	return tensor.FromBF16(code)
}

func encode(f float32, dt tensor.DType) uint16 {
	if dt == tensor.F16 {
		return tensor.ToF16(f)
	}
	return tensor.ToBF16(f)
}
