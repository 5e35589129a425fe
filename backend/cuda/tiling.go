package cuda

import "slices"

// What follows mirrors kernels/strided.cuh.

const (
	eight   = 8   // elements that a thread reads or writes
	threads = 256 // of a block
)

// An operand is a tensor of any floating-point type.
type operand struct {
	rows  rows
	dtype int32
	step  int32 // along a row
}

// operands returns tensors as operands of one operation on the shape of the first, and how blocks share what is computed.
func (b *Backend) operands(ts ...Tensor) ([]operand, tiling) {
	size := ts[0].Shape()
	if len(size) == 0 {
		size = []int{1}
	}
	var strides [][]int64
	for _, t := range ts {
		strides = append(strides, stridesIn(size, t))
	}
	size = join(size, strides)
	last := len(size) - 1
	var ops []operand
	for i, t := range ts {
		ops = append(ops, operand{
			rows: rowsAlong(b.address(t), size[:last], strides[i][:last]), dtype: int32(t.DType()), step: int32(strides[i][last]),
		})
	}
	return ops, tilingOf(ts[0].Len()/size[last], size[last])
}

// stridesIn returns the strides of t where it is an operand of that size: 0 along dimensions that it lacks, or has but one of.
func stridesIn(size []int, t Tensor) []int64 {
	strides := make([]int64, len(size))
	for i, n := range size {
		if axis := i - len(size) + t.Rank(); axis >= 0 && t.Dim(axis) == n {
			strides[i] = int64(t.Stride(axis))
		}
	}
	return strides
}

// join makes neighbouring dimensions one wherever all operands are laid out as if they were.
func join(size []int, strides [][]int64) []int {
	for i := len(size) - 2; i >= 0; i-- {
		apart := func(s []int64) bool { return size[i] > 1 && s[i] != s[i+1]*int64(size[i+1]) }
		if slices.ContainsFunc(strides, apart) {
			continue
		}
		size[i+1] *= size[i]
		size = slices.Delete(size, i, i+1)
		for k, s := range strides {
			strides[k] = slices.Delete(s, i, i+1)
		}
	}
	return size
}

// A tiling shares rows among blocks.
type tiling struct {
	width             int64
	rows, lanes, cuts int32
}

func tilingOf(rows, width int) tiling {
	pieces := parts(width, eight)
	lanes := min(pieces, threads)
	return tiling{int64(width), int32(rows), int32(lanes), int32(parts(pieces, lanes))}
}

// grid returns how many blocks there are.
func (t tiling) grid() [3]int {
	return [3]int{parts(int(t.rows), threads/int(t.lanes)) * int(t.cuts), 1, 1}
}

// parts returns into how many parts of a size n is cut.
func parts(n, size int) int { return (n + size - 1) / size }

// suffix names the type of activations in the name of a kernel.
func suffix(x Tensor) string { return "_" + x.DType().String() }
