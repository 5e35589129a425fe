package tensor

import (
	"fmt"
	"math"
	"slices"
)

// MaxRank is the largest number of dimensions of a Tensor.
const MaxRank = 4

// A Tensor is a view of a Memory as an n-dimensional array, n ≤ 4.
// The elements of the last dimension are adjacent; the other dimensions may be strided.
// The zero Tensor stands for "none".
type Tensor struct {
	Mem    *Memory
	off    int // of the first element, in bytes
	dtype  DType
	rank   uint8
	dim    [MaxRank]int
	stride [MaxRank]int // in elements
}

// Make returns a compact tensor at byte offset off of m, which must hold it; a nil m makes a shape without elements. Without
// dims it is a scalar.
func Make(m *Memory, off int, dt DType, dims ...int) Tensor {
	if len(dims) > MaxRank || !dt.Valid() || off < 0 {
		panic(fmt.Sprintf("tensor: make %v%v at %d", dt, slices.Clone(dims), off))
	}
	t := Tensor{Mem: m, off: off, dtype: dt}
	t.shape(dims)
	if m != nil && t.Len()*dt.Size() > m.Size-off {
		panic(fmt.Sprintf("tensor: %v at %d is not within memory of %d bytes", t, off, m.Size))
	}
	return t
}

// shape gives t dimensions of adjacent elements, whose bytes can be counted.
func (t *Tensor) shape(dims []int) {
	t.rank, t.dim, t.stride = uint8(len(dims)), [MaxRank]int{}, [MaxRank]int{}
	n := 1
	for i := len(dims) - 1; i >= 0; i-- {
		if d := dims[i]; d < 0 || d > 0 && n > math.MaxInt/t.dtype.Size()/d {
			panic(fmt.Sprintf("tensor: no array has the dimensions %v", slices.Clone(dims)))
		}
		t.dim[i], t.stride[i] = dims[i], n
		n *= dims[i]
	}
}

// IsZero reports whether t is the zero Tensor.
func (t Tensor) IsZero() bool { return t.dtype == 0 }

// DType returns the element type.
func (t Tensor) DType() DType { return t.dtype }

// Rank returns the number of dimensions.
func (t Tensor) Rank() int { return int(t.rank) }

// Offset returns the byte offset of the first element in t.Mem.
func (t Tensor) Offset() int { return t.off }

// Shape returns the dimensions. The slice is a copy.
func (t Tensor) Shape() []int { return append([]int(nil), t.dim[:t.rank]...) }

// AppendShape appends the dimensions to dims, which may lie on the stack of the caller: var room [MaxRank]int; room[:0].
func (t Tensor) AppendShape(dims []int) []int { return append(dims, t.dim[:t.rank]...) }

// Dim returns the size of dimension i; a negative i counts from the end.
func (t Tensor) Dim(i int) int { return t.dim[t.axis(i)] }

// Stride returns the distance, in elements, of neighbours along dimension i.
func (t Tensor) Stride(i int) int { return t.stride[t.axis(i)] }

// Len returns the number of elements.
func (t Tensor) Len() int {
	n := 1
	for i := range int(t.rank) {
		n *= t.dim[i]
	}
	return n
}

// Extent returns the bytes from the first element of t to just after its last one.
func (t Tensor) Extent() int {
	n := 1
	for i := range int(t.rank) {
		if t.dim[i] == 0 {
			return 0
		}
		n += (t.dim[i] - 1) * t.stride[i]
	}
	return n * t.dtype.Size()
}

// SameShape reports whether t and u have equal dimensions.
func (t Tensor) SameShape(u Tensor) bool { return t.rank == u.rank && t.dim == u.dim }

func (t Tensor) axis(i int) int {
	if i < 0 {
		i += int(t.rank)
	}
	if uint(i) >= uint(t.rank) {
		panic(fmt.Sprintf("tensor: axis %d of %v", i, t))
	}
	return i
}

// String returns the element type and the shape, such as f32[2 77 768].
func (t Tensor) String() string {
	if t.IsZero() {
		return "none"
	}
	return fmt.Sprintf("%v%v", t.dtype, t.dim[:t.rank])
}
