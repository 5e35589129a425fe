package tensor

import (
	"fmt"
	"slices"
)

// Slice returns the elements lo ≤ index < hi along axis: part of a batch, rows, or columns.
func (t Tensor) Slice(axis, lo, hi int) Tensor {
	i := t.axis(axis)
	if lo < 0 || hi < lo || hi > t.dim[i] {
		panic(fmt.Sprintf("tensor: slice [%d:%d] of axis %d of %v", lo, hi, axis, t))
	}
	t.off += lo * t.stride[i] * t.dtype.Size()
	t.dim[i] = hi - lo
	return t
}

// Heads views the last dimension, of size h·d, as two dimensions [h, d].
func (t Tensor) Heads(h int) Tensor {
	n := int(t.rank)
	if n == 0 || n == MaxRank || h <= 0 || t.dim[n-1]%h != 0 {
		panic(fmt.Sprintf("tensor: %d heads of %v", h, t))
	}
	d := t.dim[n-1] / h
	t.dim[n-1], t.stride[n-1] = h, d
	t.dim[n], t.stride[n] = d, 1
	t.rank++
	return t
}

// Reshape views a compact tensor with other dimensions; one of them may be -1.
func (t Tensor) Reshape(dims ...int) Tensor {
	if len(dims) > MaxRank || !t.Compact() {
		panic(fmt.Sprintf("tensor: reshape %v to %v", t, slices.Clone(dims)))
	}
	var room [MaxRank]int
	shape, infer := append(room[:0], dims...), slices.Index(dims, -1)
	if infer >= 0 {
		shape[infer] = 1
	}
	u := t
	u.shape(shape)
	if known := u.Len(); infer >= 0 && known > 0 {
		shape[infer] = t.Len() / known
		u.shape(shape)
	}
	if u.Len() != t.Len() {
		panic(fmt.Sprintf("tensor: reshape %v to %v", t, slices.Clone(dims)))
	}
	return u
}

// Compact reports whether the elements are adjacent in row-major order.
func (t Tensor) Compact() bool {
	n := 1
	for i := int(t.rank) - 1; i >= 0; i-- {
		if t.dim[i] != 1 && t.stride[i] != n {
			return false
		}
		n *= t.dim[i]
	}
	return true
}

// Rows returns how many vectors of the last dimension t has.
func (t Tensor) Rows() int {
	if t.rank == 0 {
		return 1
	}
	n := 1
	for i := range int(t.rank) - 1 {
		n *= t.dim[i]
	}
	return n
}

// Row returns the element offset, from the first element of t, of the r-th vector of the last dimension.
func (t Tensor) Row(r int) int {
	off := 0
	for i := int(t.rank) - 2; i >= 0; i-- {
		off += r % t.dim[i] * t.stride[i]
		r /= t.dim[i]
	}
	return off
}
