package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
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

// blank returns a tensor of NaN.
func blank(dims ...int) backend.Tensor {
	t := made(tensor.F32, dims...)
	for i, v := 0, tensor.Float32s(t); i < len(v); i++ {
		v[i] = float32(math.NaN())
	}
	return t
}

// normal returns a tensor of normal deviates.
func normal(r *rand.Rand, dims ...int) backend.Tensor {
	t := made(tensor.F32, dims...)
	for i, v := 0, tensor.Float32s(t); i < len(v); i++ {
		v[i] = float32(r.NormFloat64())
	}
	return t
}

// weights returns normal deviates of a half precision.
func weights(r *rand.Rand, dt tensor.DType, dims ...int) backend.Weight {
	w, round := made(dt, dims...), tensor.ToBF16
	if dt == tensor.F16 {
		round = tensor.ToF16
	}
	for i, v := 0, tensor.Uint16s(w); i < len(v); i++ {
		v[i] = round(float32(r.NormFloat64()))
	}
	return backend.Weight{Matrix: w}
}

// made returns a tensor of zeros.
func made(dt tensor.DType, dims ...int) backend.Tensor {
	t := tensor.Make(nil, 0, dt, dims...)
	t.Mem = tensor.HostMemory(make([]byte, t.Extent()))
	return t
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
