package pytorch

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A view is an array whose numbers have been taken out of their tuples.
type view struct {
	dtype        tensor.DType
	offset, rank int
	size, stride [tensor.MaxRank]int // in elements
}

// viewOf checks that an array lies inside its storage of count elements, whatever the numbers are.
func viewOf(a *array, count int) (view, error) {
	v := view{dtype: a.dtype, rank: len(a.size)}
	if v.rank != len(a.stride) || v.rank > tensor.MaxRank {
		return view{}, fmt.Errorf("%d sizes and %d strides, expected as many of each", v.rank, len(a.stride))
	}
	var ok bool
	if v.offset, ok = number(a.offset); !ok || v.offset > count {
		return view{}, fmt.Errorf("offset %d in a storage of %d elements", a.offset, count)
	}
	for i := range v.rank {
		size, ok := number(a.size[i])
		stride, ok2 := number(a.stride[i])
		if !ok || !ok2 {
			return view{}, fmt.Errorf("dimension %d: size and stride have to be numbers from 0", i)
		}
		v.size[i], v.stride[i] = size, stride
	}
	if !countable(v.size[:v.rank]) {
		return view{}, fmt.Errorf("shape %v is too large", v.size[:v.rank])
	}
	if v.len() > 0 && !v.inside(count) {
		return view{}, fmt.Errorf("shape %v with strides %v from %d goes beyond the storage of %d elements",
			v.size[:v.rank], v.stride[:v.rank], v.offset, count)
	}
	return v, nil
}

// number returns v, if it is an integer that can be a size.
func number(v any) (int, bool) {
	n, ok := v.(int64)
	return int(n), ok && n >= 0 && n <= math.MaxInt
}

// countable reports whether the bytes of a tensor of the widest type can be counted, with an empty dimension taken as 1.
func countable(shape []int) bool {
	n := uint64(8)
	for _, d := range shape {
		hi, lo := bits.Mul64(n, uint64(max(d, 1)))
		if hi != 0 || lo > math.MaxInt {
			return false
		}
		n = lo
	}
	return true
}

// inside reports whether the last element of v, which has one, is among the first count of the storage.
func (v view) inside(count int) bool {
	last := uint64(v.offset)
	for i := range v.rank {
		hi, lo := bits.Mul64(uint64(v.size[i]-1), uint64(v.stride[i]))
		if hi != 0 || lo > math.MaxInt-last {
			return false
		}
		last += lo
	}
	return last < uint64(count)
}

// len returns the number of elements.
func (v view) len() int {
	n := 1
	for _, d := range v.size[:v.rank] {
		n *= d
	}
	return n
}

// inPlace returns v as a tensor at byte offset base of mem, where its storage begins. A tensor with strides is made as a
// part of a compact one. There is none if v has no such, or if that, which has a whole row where v has the last part of one,
// would end behind mem.
func (v view) inPlace(mem *tensor.Memory, base int) (tensor.Tensor, bool) {
	at := base + v.offset*v.dtype.Size()
	shape := v.size[:v.rank]
	if v.len() == 0 {
		return tensor.Make(mem, at, v.dtype, shape...), true
	}
	whole, ok := v.whole()
	if !ok || whole.len() > (mem.Size-at)/v.dtype.Size() {
		return tensor.Tensor{}, false
	}
	t := tensor.Make(mem, at, v.dtype, whole.size[:v.rank]...)
	for i, d := range shape {
		t = t.Slice(i, 0, d)
	}
	return t, true
}

// whole returns the compact array that v, which has elements, is the beginning of in each dimension: dimension i is as large as
// the stride of dimension i-1 is, in steps of dimension i. There is none if the last dimension is not adjacent, the dimensions
// are permuted or they overlap.
func (v view) whole() (view, bool) {
	whole := v
	outer := 0 // the stride of the dimension before, leaving out those of size 1, whose stride means nothing
	for i, d := range v.size[:v.rank] {
		inner := v.stride[i]
		if d == 1 {
			if i < v.rank-1 {
				continue
			}
			inner = 1
		}
		if inner == 0 {
			return view{}, false
		}
		if outer > 0 {
			if outer%inner != 0 || outer/inner < d {
				return view{}, false
			}
			whole.size[i] = outer / inner
		}
		outer = inner
	}
	return whole, outer <= 1
}

// copy stores the elements of v, a part of storage, in order. It ends early if the context does.
func (v view) copy(ctx context.Context, dst, storage []byte) error {
	for ; v.rank < 2; v.rank++ { // as a matrix of one row
		copy(v.size[1:], v.size[:])
		copy(v.stride[1:], v.stride[:])
		v.size[0] = 1
	}
	var walk func(dim, at int) error
	walk = func(dim, at int) error {
		if dim < v.rank-2 {
			for i := range v.size[dim] {
				if err := walk(dim+1, at+i*v.stride[dim]); err != nil {
					return err
				}
			}
			return nil
		}
		m := strided{at, v.size[dim], v.size[dim+1], v.stride[dim], v.stride[dim+1], v.dtype.Size()}
		n := m.rows * m.cols * m.size
		err := m.copy(ctx, dst[:n], storage)
		dst = dst[n:]
		return err
	}
	return walk(0, v.offset)
}

// A strided matrix is part of a storage, from element at. Sizes and steps are in elements, but that of an element is in bytes.
type strided struct{ at, rows, cols, down, right, size int }

// copy stores the elements in order. It goes by tiles: of a transposed matrix a column is adjacent, not a row.
func (m strided) copy(ctx context.Context, dst, storage []byte) error {
	const tile = 32
	for r0 := 0; r0 < m.rows; r0 += tile {
		for c0 := 0; c0 < m.cols; c0 += tile {
			if err := ctx.Err(); err != nil {
				return err
			}
			for r := r0; r < min(r0+tile, m.rows); r++ {
				to, from := (r*m.cols+c0)*m.size, (m.at+r*m.down+c0*m.right)*m.size
				for range min(tile, m.cols-c0) {
					copy(dst[to:to+m.size], storage[from:from+m.size])
					to, from = to+m.size, from+m.right*m.size
				}
			}
		}
	}
	return nil
}
