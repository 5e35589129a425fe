package cuda

import (
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// Operands as kernels get them: mirrors of the structs in kernels/operand.cuh.

// A rows is a tensor as the vectors of its last dimension. Row (i·dim[0] + j)·dim[1] + k begins i·stride[0] + j·stride[1] +
// k·stride[2] elements after the first.
type rows struct {
	data   driver.Ptr
	stride [3]int64
	dim    [2]uint32
}

// rows returns how a kernel finds the rows of t.
func (b *Backend) rows(t Tensor) rows { return rowsOf(b.address(t), t) }

// rowsOf returns how the rows of t lie, whose first element is at p.
func rowsOf(p driver.Ptr, t Tensor) rows {
	size, stride := outer(t)
	return rowsAlong(p, size, stride)
}

// rowsAlong returns rows that are numbered along up to three dimensions.
func rowsAlong(p driver.Ptr, size []int, stride []int64) rows {
	r := rows{data: p, dim: [2]uint32{1, 1}}
	switch len(size) {
	case 3:
		copy(r.stride[:], stride)
		r.dim = [2]uint32{uint32(size[1]), uint32(size[2])}
	case 2:
		r.stride = [3]int64{stride[0], 0, stride[1]}
		r.dim[1] = uint32(size[1])
	case 1:
		r.stride[0] = stride[0]
	}
	return r
}

// outer returns the dimensions before the last one and their strides. Those that are laid out as one are one: kernels divide
// for each of the others.
func outer(t Tensor) (size []int, stride []int64) {
	for axis := range max(t.Rank()-1, 0) {
		n, s := t.Dim(axis), int64(t.Stride(axis))
		last := len(size) - 1
		switch {
		case n == 1:
		case last >= 0 && stride[last] == s*int64(n):
			size[last], stride[last] = size[last]*n, s
		default:
			size, stride = append(size, n), append(stride, s)
		}
	}
	return size, stride
}

// begin reports whether every row begins at a multiple of so many bytes, of elements of the given size.
func (r rows) begin(bytes, size int) bool {
	for _, s := range r.stride {
		if int(s)*size%bytes != 0 {
			return false
		}
	}
	return int(r.data)%bytes == 0
}

// A vector is F32 [C], or [B, C] with a stride, or absent.
type vector struct {
	data   driver.Ptr
	stride int64
}

func (b *Backend) vector(t Tensor) vector {
	v := vector{data: b.address(t)}
	if t.Rank() == 2 {
		v.stride = int64(t.Stride(0))
	}
	return v
}
