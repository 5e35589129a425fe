package cpu

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// made returns a tensor of another type, whose rows are pad elements apart.
func made(dt tensor.DType, pad int, dims ...int) backend.Tensor {
	last := len(dims) - 1
	wide := slices.Clone(dims)
	wide[last] += pad
	n := dt.Size()
	for _, d := range wide {
		n *= d
	}
	return tensor.Make(tensor.HostMemory(make([]byte, n)), 0, dt, wide...).Slice(last, 0, dims[last])
}

// through is what remains of a value in a type.
func through(dt tensor.DType, v float32) float32 {
	switch dt {
	case tensor.F16:
		return tensor.FromF16(tensor.ToF16(v))
	case tensor.BF16:
		return tensor.RoundBF16(v)
	case tensor.I8:
		return float32(math.Round(float64(v)))
	}
	return v
}

// Copy from F32 to one type, to another and back shows every conversion.
func TestCopy(t *testing.T) {
	types := []tensor.DType{tensor.F32, tensor.F16, tensor.BF16}
	shape := []int{3, 5, 7, 43}
	x := normal(random("copy"), 2, shape...)
	for _, k := range simd.Variants() {
		for pad, first := range types {
			for _, second := range types {
				t.Run(fmt.Sprint(k.Name, first, second), func(t *testing.T) {
					b := opened(t, 2, k)
					one, two, dst := made(first, pad, shape...), made(second, 2-pad, shape...), blank(pad, shape...)
					b.Copy(one, x)
					b.Copy(two, one)
					b.Copy(dst, two)
					between(t, "dst", dst)
					got := valuesOf(dst)
					for i, v := range valuesOf(x) {
						if want := through(second, through(first, v)); got[i] != want {
							t.Fatalf("element %d is %g, want %g", i, got[i], want)
						}
					}
				})
			}
		}
	}
}

func TestGather(t *testing.T) {
	for pad, dt := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
		t.Run(dt.String(), func(t *testing.T) {
			x := normal(random("gather"), 0, 50, 33)
			table := made(dt, pad, 50, 33)
			ids := tensor.FromInt32s([]int32{0, 49, -1, 7, 7, -1, 3, 1, -1}, 3, 3).Slice(1, 0, 2)
			onEach(t, func(b *Backend) []float32 {
				b.Copy(table, x)
				dst := blank(4, 3, 2, 33)
				b.Gather(dst, table, ids)
				between(t, "dst", dst)
				return valuesOf(dst)
			}, func(t *testing.T, got []float32) {
				for i, id := range []int{0, 49, 7, 7, 3, 1} {
					for j, v := range rowOf(x, id) {
						if want := through(dt, v); got[i*33+j] != want {
							t.Fatalf("row %d, element %d is %g, want %g", i, j, got[i*33+j], want)
						}
					}
				}
			})
		})
	}
}

func TestGatherOutOfRange(t *testing.T) {
	b := opened(t, 2, simd.Variants()[0])
	for _, id := range []int32{-1, 50} {
		func() {
			defer func() {
				message := fmt.Sprint(recover())
				if !strings.Contains(message, fmt.Sprintf("id %d of a table of 50 rows", id)) {
					t.Errorf("id %d: %s", id, message)
				}
			}()
			b.Gather(blank(0, 2, 8), normal(random("table"), 0, 50, 8), tensor.FromInt32s([]int32{3, id}, 2))
		}()
	}
}
