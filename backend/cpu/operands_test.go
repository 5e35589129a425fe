package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// opened returns a backend for the duration of the test.
func opened(t testing.TB, workers int, k *simd.Kernels) *Backend {
	b, err := open(workers, k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// onEach runs f as a subtest for each implementation of the inner loops, on several backends. It makes sure that the
// values that f returns are the same, to the bit, for any number of workers, and passes those of one to check.
func onEach(t *testing.T, f func(b *Backend) []float32, check func(t *testing.T, got []float32)) {
	t.Helper()
	for _, k := range simd.Variants() {
		t.Run(k.Name, func(t *testing.T) {
			want := f(opened(t, 1, k))
			check(t, want)
			for _, workers := range []int{2, 3, 8} {
				got := f(opened(t, workers, k))
				if i := firstDifference(got, want); i >= 0 {
					t.Fatalf("element %d is %g with %d workers, %g with one", i, got[i], workers, want[i])
				}
			}
		})
	}
}

func firstDifference(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}

var nan = float32(math.NaN())

// blank returns a tensor of NaN; pad is how many elements lie between its rows.
func blank(pad int, dims ...int) backend.Tensor {
	last := len(dims) - 1
	wide := slices.Clone(dims)
	wide[last] += pad
	n := 1
	for _, d := range wide {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = nan
	}
	return tensor.FromFloat32s(v, wide...).Slice(last, 0, dims[last])
}

// normal returns a tensor of normal deviates with NaN between its rows.
func normal(r *rand.Rand, pad int, dims ...int) backend.Tensor {
	t := blank(pad, dims...)
	for i := range t.Rows() {
		row := rowOf(t, i)
		for j := range row {
			row[j] = float32(r.NormFloat64())
		}
	}
	return t
}

func rowOf(t backend.Tensor, i int) []float32 { return elements[float32](t)[t.Row(i):][:t.Dim(-1)] }

// valuesOf returns the elements of t in row-major order.
func valuesOf(t backend.Tensor) (v []float32) {
	for i := range t.Rows() {
		v = append(v, rowOf(t, i)...)
	}
	return v
}

// clone returns a copy of t and of what lies between its rows.
func clone(t backend.Tensor) backend.Tensor {
	t.Mem = tensor.HostMemory(slices.Clone(t.Mem.Host))
	return t
}

// between fails if something was written between the rows of a tensor that blank or normal made.
func between(t *testing.T, name string, x backend.Tensor) {
	t.Helper()
	all := tensor.FromBytes(x.Mem.Host, len(x.Mem.Host))
	inside := map[int]bool{}
	for i := range x.Rows() {
		for j := range x.Dim(-1) {
			inside[x.Offset()/4+x.Row(i)+j] = true
		}
	}
	for i, v := range elements[float32](tensor.Make(all.Mem, 0, tensor.F32, len(all.Mem.Host)/4)) {
		if !inside[i] && v == v {
			t.Fatalf("%s: %g was written between the rows", name, v)
		}
	}
}

// near fails unless got is within tolerance of want, relative to the larger of scale and its absolute value.
func near(t *testing.T, name string, got []float32, want []float64, tolerance, scale float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		if !(math.Abs(float64(g)-w) <= tolerance*max(scale, math.Abs(w))) && !(g != g && w != w) && float64(g) != w {
			t.Fatalf("%s: element %d is %g, want %g", name, i, g, w)
		}
	}
}

func random(name string) *rand.Rand {
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("%-32s", name))
	return rand.New(rand.NewChaCha8(seed))
}
