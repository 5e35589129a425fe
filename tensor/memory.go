package tensor

import (
	"fmt"
	"math"
	"unsafe"
)

// Memory is one allocation of a device or one mapped file.
type Memory struct {
	Host []byte  // nil when the CPU cannot address it
	Ptr  uintptr // address on the device
	Size int     // bytes
	File string  // the mapped file whose pages these are; empty for private memory
}

// HostMemory returns b as a Memory.
func HostMemory(b []byte) *Memory {
	return &Memory{Host: b, Ptr: uintptr(unsafe.Pointer(unsafe.SliceData(b))), Size: len(b)}
}

// Drop empties m when what it describes is given back: tensors that still view it are then out of reach, not dangling.
func (m *Memory) Drop() { m.Host, m.Ptr, m.Size = nil, 0, 0 }

// Contains reports whether the address addr lies inside m.
func (m *Memory) Contains(addr uintptr) bool { return addr-m.Ptr < uintptr(m.Size) }

// OnHost reports whether all elements of t lie in memory that the CPU can address.
func (t Tensor) OnHost() bool {
	return t.Len() == 0 || t.Mem != nil && t.off+t.Extent() <= len(t.Mem.Host)
}

// FromFloat32s returns a host tensor over v.
func FromFloat32s(v []float32, dims ...int) Tensor {
	return fromHost(F32, v, dims)
}

// FromInt32s returns a host tensor over v.
func FromInt32s(v []int32, dims ...int) Tensor {
	return fromHost(I32, v, dims)
}

// FromBytes returns a U8 host tensor over v.
func FromBytes(v []byte, dims ...int) Tensor {
	return fromHost(U8, v, dims)
}

func fromHost[E float32 | int32 | byte](dt DType, v []E, dims []int) Tensor {
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*dt.Size())
	t := Make(HostMemory(b), 0, dt, dims...)
	if t.Len() != len(v) {
		panic(fmt.Sprintf("tensor: %d values for %v", len(v), t))
	}
	return t
}

// Float32s returns the elements of a compact F32 host tensor, sharing its memory.
func Float32s(t Tensor) []float32 { return elements[float32](t, F32) }

// Int32s returns the elements of a compact I32 host tensor, sharing its memory.
func Int32s(t Tensor) []int32 { return elements[int32](t, I32) }

// Bytes returns the raw bytes of a compact host tensor of any element type, sharing its memory.
func Bytes(t Tensor) []byte {
	n := t.Len() * t.dtype.Size()
	switch {
	case !t.Compact():
		panic(fmt.Sprintf("tensor: bytes of strided %v", t))
	case n == 0:
		return nil
	case !t.OnHost():
		panic(fmt.Sprintf("tensor: %v is not in host memory, or not any more", t))
	}
	return t.Mem.Host[t.off : t.off+n : t.off+n]
}

func elements[E float32 | int32](t Tensor, dt DType) []E {
	if t.dtype != dt {
		panic(fmt.Sprintf("tensor: %v elements of %v", dt, t))
	}
	b := Bytes(t)
	return unsafe.Slice((*E)(unsafe.Pointer(unsafe.SliceData(b))), t.Len())
}

// Uint16s returns the codes of a compact F16 or BF16 host tensor, sharing its memory.
func Uint16s(t Tensor) []uint16 {
	if t.dtype != F16 && t.dtype != BF16 {
		panic(fmt.Sprintf("tensor: half-precision codes of %v", t))
	}
	b := Bytes(t)
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(b))), t.Len())
}

// Finite reports whether there is neither NaN nor infinity among v.
func Finite(v []float32) bool {
	const exponent = 0x7f800000
	for _, f := range v {
		if math.Float32bits(f)&exponent == exponent {
			return false
		}
	}
	return true
}
