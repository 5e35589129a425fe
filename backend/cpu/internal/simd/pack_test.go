package simd

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

func TestPackF32(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		testPack(t, k.NR, k.PackF32, func(v float32) float32 { return v }, nan,
			func(r *rand.Rand) float32 { return float32(r.NormFloat64()) })
	})
}

func TestPackF16(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		testPack(t, k.NR, k.PackF16, tensor.FromF16, 0x7e00, code)
	})
}

func TestPackBF16(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		testPack(t, k.NR, k.PackBF16, tensor.FromBF16, 0x7fc0, code)
	})
}

func TestPackI8(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		testPack(t, k.NR, k.PackI8, func(v int8) float32 { return float32(v) }, 99,
			func(r *rand.Rand) int8 { return int8(r.Uint32()) })
	})
}

// code returns any half-precision code, infinities, NaN and subnormal numbers among them.
func code(r *rand.Rand) uint16 { return uint16(r.Uint32()) }

// testPack packs random weights, between rows of gap, with every n and many k.
func testPack[E float32 | uint16 | int8](t *testing.T, nr int, pack func(dst *float32, src *E, ld, n, k int), value func(E) float32, gap E, draw func(r *rand.Rand) E) {
	r := rand.New(rand.NewPCG(9, 10))
	for n := 1; n <= nr; n++ {
		for _, k := range []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 40, 129} {
			ld := k + (n+k)%4
			src := make([]E, n*ld+1)
			for i := range src {
				if src[i] = gap; ld > 0 && i%ld < k {
					src[i] = draw(r)
				}
			}
			panel := make([]float32, (k+1)*nr)
			for i := range panel {
				panel[i] = guard
			}
			pack(&panel[0], &src[0], ld, n, k)
			for i, got := range panel {
				row, j := i/nr, i%nr
				want := float32(0)
				switch {
				case row == k:
					want = guard
				case j < n:
					want = value(src[j*ld+row])
				}
				if !same(got, want) {
					t.Fatalf("n %d, k %d: panel row %d, column %d is %g, want %g", n, k, row, j, got, want)
				}
			}
		}
	}
}

// same reports whether two numbers have the same bits or are both NaN.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
