package backendtest

import (
	"encoding/binary"
	"iter"
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// load returns the elements of the host tensor t as a compact one: I32 as it is, all other types as F32.
func load(t Tensor) Tensor {
	if t.IsZero() {
		return t
	}
	var b []byte
	for lo, hi := range rows(t) {
		b = append(b, t.Mem.Host[lo:hi]...)
	}
	if t.DType() == tensor.I32 {
		return tensor.Make(tensor.HostMemory(b), 0, tensor.I32, t.Shape()...)
	}
	v, size := make([]float32, t.Len()), t.DType().Size()
	for i := range v {
		v[i] = decode(b[i*size:], t.DType())
	}
	return tensor.FromFloat32s(v, t.Shape()...)
}

// store writes the elements of the compact tensor v, F32 or I32, to the host tensor t, whose type can hold them.
func store(t, v Tensor) {
	b := tensor.Bytes(v)
	if t.DType() != tensor.I32 {
		b = nil
		for _, x := range tensor.Float32s(v) {
			b = encode(b, x, t.DType())
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

// decode returns the number that b begins with.
func decode(b []byte, dt tensor.DType) float32 {
	switch dt {
	case tensor.F16:
		return tensor.FromF16(binary.NativeEndian.Uint16(b))
	case tensor.BF16:
		return tensor.FromBF16(binary.NativeEndian.Uint16(b))
	case tensor.I8:
		return float32(int8(b[0]))
	}
	return math.Float32frombits(binary.NativeEndian.Uint32(b))
}

// encode appends a number to b.
func encode(b []byte, f float32, dt tensor.DType) []byte {
	switch dt {
	case tensor.F16:
		return binary.NativeEndian.AppendUint16(b, tensor.ToF16(f))
	case tensor.BF16:
		return binary.NativeEndian.AppendUint16(b, tensor.ToBF16(f))
	case tensor.I8:
		return append(b, byte(int8(f)))
	}
	return binary.NativeEndian.AppendUint32(b, math.Float32bits(f))
}
