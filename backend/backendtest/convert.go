package backendtest

import (
	"encoding/binary"
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// load returns the elements of the host tensor t as a compact one: I32 as it is, all other types as F32.
func load(t Tensor) Tensor {
	if t.IsZero() {
		return t
	}
	if t.DType() == tensor.I32 {
		ids := make([]int32, t.Len())
		eachElement(t, func(i int, b []byte) { ids[i] = int32(binary.NativeEndian.Uint32(b)) })
		return tensor.FromInt32s(ids, t.Shape()...)
	}
	v := make([]float32, t.Len())
	eachElement(t, func(i int, b []byte) { v[i] = decode(b, t.DType()) })
	return tensor.FromFloat32s(v, t.Shape()...)
}

// store writes the elements of the compact tensor v, F32 or I32, to the host tensor t.
func store(t, v Tensor) {
	if t.DType() == tensor.I32 {
		ids := tensor.Int32s(v)
		eachElement(t, func(i int, b []byte) { binary.NativeEndian.PutUint32(b, uint32(ids[i])) })
		return
	}
	f := tensor.Float32s(v)
	eachElement(t, func(i int, b []byte) { encode(b, f[i], t.DType()) })
}

// eachElement calls f with the bytes of every element of t, in row-major order.
func eachElement(t Tensor, f func(i int, b []byte)) {
	size := t.DType().Size()
	i := 0
	eachRow(t, func(row []byte) {
		for ; len(row) > 0; row = row[size:] {
			f(i, row[:size])
			i++
		}
	})
}

// eachRow calls f with the bytes of every vector of the last dimension of t.
func eachRow(t Tensor, f func(row []byte)) {
	if t.Len() == 0 {
		return
	}
	size := t.DType().Size()
	n := size * t.Len() / t.Rows()
	for r := range t.Rows() {
		lo := t.Offset() + size*t.Row(r)
		f(t.Mem.Host[lo : lo+n])
	}
}

func decode(b []byte, dt tensor.DType) float32 {
	switch dt {
	case tensor.F16:
		return tensor.FromF16(binary.NativeEndian.Uint16(b))
	case tensor.BF16:
		return tensor.FromBF16(binary.NativeEndian.Uint16(b))
	}
	return math.Float32frombits(binary.NativeEndian.Uint32(b))
}

func encode(b []byte, f float32, dt tensor.DType) {
	switch dt {
	case tensor.F16:
		binary.NativeEndian.PutUint16(b, tensor.ToF16(f))
	case tensor.BF16:
		binary.NativeEndian.PutUint16(b, tensor.ToBF16(f))
	default:
		binary.NativeEndian.PutUint32(b, math.Float32bits(f))
	}
}
