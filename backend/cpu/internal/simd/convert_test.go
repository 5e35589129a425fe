package simd

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

func TestWiden(t *testing.T) {
	src := make([]uint16, 1<<16)
	for i := range src {
		src[i] = uint16(i)
	}
	forEach(t, func(t *testing.T, k *Kernels) {
		testWiden(t, "FromF16", k.FromF16, tensor.FromF16, src)
		testWiden(t, "FromBF16", k.FromBF16, tensor.FromBF16, src)
	})
}

func testWiden(t *testing.T, name string, widen func(dst []float32, src []uint16), want func(uint16) float32, src []uint16) {
	check := func(off, n int) {
		all, dst := guarded(n, off, func(int) float32 { return 0 })
		widen(dst, src[off:off+n])
		for i, got := range dst {
			if w := want(src[off+i]); !same(got, w) {
				t.Fatalf("%s: code %#04x of %d is %g, want %g", name, src[off+i], n, got, w)
			}
		}
		intact(t, name, all, off, n)
	}
	check(0, len(src))
	for n := range longest + 1 {
		check(n%7, n)
	}
}

// TestNarrow rounds the neighbourhood of every code and of the middle between it and the next, and random numbers.
func TestNarrow(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	forEach(t, func(t *testing.T, k *Kernels) {
		testNarrow(t, "ToF16", k.ToF16, tensor.ToF16, roundings(r, tensor.FromF16, 1<<12))
		testNarrow(t, "ToBF16", k.ToBF16, tensor.ToBF16, roundings(r, tensor.FromBF16, 1<<15))
	})
}

func roundings(r *rand.Rand, value func(uint16) float32, half uint32) (x []float32) {
	for code := range 1 << 16 {
		u := math.Float32bits(value(uint16(code)))
		for _, u := range []uint32{u, u + 1, u - 1, u + half, u + half + 1, u + half - 1, r.Uint32()} {
			x = append(x, math.Float32frombits(u))
		}
	}
	return append(x, special...)
}

func testNarrow(t *testing.T, name string, narrow func(dst []uint16, src []float32), want func(float32) uint16, src []float32) {
	const guard = 0xabcd
	check := func(off, n int) {
		dst := make([]uint16, off+n+20)
		for i := range dst {
			dst[i] = guard
		}
		narrow(dst[off:off+n], src[off:off+n])
		for i, got := range dst {
			switch {
			case i < off || i >= off+n:
				if got != guard {
					t.Fatalf("%s, length %d: wrote at %d", name, n, i-off)
				}
			case got != want(src[i]):
				t.Fatalf("%s: %g (%#08x) of %d is %#04x, want %#04x", name, src[i], math.Float32bits(src[i]), n, got, want(src[i]))
			}
		}
	}
	check(0, len(src))
	for n := range longest + 1 {
		check(n%7, n)
	}
}
