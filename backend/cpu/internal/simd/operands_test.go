package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestRoundBF16 rounds the neighbourhood of every code, special numbers and vectors of every length, alone and in pairs.
func TestRoundBF16(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	all := roundings(r, tensor.FromBF16, 1<<15)
	forEach(t, func(t *testing.T, k *Kernels) {
		check := func(x []float32) {
			other := slices.Clone(x)
			slices.Reverse(other)
			guards, rounded := guarded(len(x), 3, func(int) float32 { return 0 })
			k.RoundBF16(rounded, x)
			intact(t, "RoundBF16", guards, 3, len(x))
			guards, pairs := guarded(len(x), 5, func(int) float32 { return 0 })
			k.PairBF16(pairs, x, other)
			intact(t, "PairBF16", guards, 5, len(x))
			for i := range x {
				low, high := tensor.ToBF16(x[i]), tensor.ToBF16(other[i])
				if got := math.Float32bits(rounded[i]); got != uint32(low)<<16 {
					t.Fatalf("%g of %d becomes %#08x, want %#04x", x[i], len(x), got, low)
				}
				if got := math.Float32bits(pairs[i]); got != uint32(low)|uint32(high)<<16 {
					t.Fatalf("%g and %g of %d become %#08x, want %#04x and %#04x", x[i], other[i], len(x), got, low, high)
				}
			}
		}
		check(all)
		for n := range longest + 1 {
			check(all[n : 2*n])
		}
	})
}

// TestAbsMax looks for the largest number in every place, and for what is larger than all numbers.
func TestAbsMax(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		if got := k.AbsMax(nil); got != 0 {
			t.Errorf("of nothing: %g", got)
		}
		for n := 1; n <= longest; n++ {
			for _, most := range []float32{-3, 3, float32(math.Inf(-1)), nan} {
				x := slices.Repeat([]float32{-1}, n)
				x[n*7%13%n] = most
				if got, want := k.AbsMax(x), float32(math.Abs(float64(most))); !same(got, want) {
					t.Fatalf("%g among %d: %g", most, n, got)
				}
			}
		}
	})
}

// TestFromSums compares what integer sums mean with float64.
func TestFromSums(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	forEachProduct(t, tensor.I8, func(t *testing.T, p *Product) {
		for n := range longest + 1 {
			sums, zero, scales := make([]float32, n), make([]float32, n), make([]float32, n)
			for i := range n {
				as[int32](sums)[i], as[int32](zero)[i], scales[i] = r.Int32N(1<<30), r.Int32N(1<<20), r.Float32()
			}
			guards, dst := guarded(n, 2, func(int) float32 { return 0 })
			p.FromSums(dst, sums, zero, scales, 0.37)
			intact(t, "FromSums", guards, 2, n)
			for i, got := range dst {
				want := float64(as[int32](sums)[i]-as[int32](zero)[i]) * float64(float32(0.37)) * float64(scales[i])
				if math.Abs(float64(got)-want) > 3*0x1p-24*math.Abs(want) {
					t.Fatalf("element %d of %d is %g, want %g", i, n, got, want)
				}
			}
		}
	})
}

// TestPackRowBF16 rounds the neighbourhood of every code and special numbers. Where words are pairs denormal numbers may become 0.
func TestPackRowBF16(t *testing.T) {
	all := roundings(rand.New(rand.NewPCG(15, 16)), tensor.FromBF16, 1<<15)
	forEachProduct(t, tensor.BF16, func(t *testing.T, p *Product) {
		check := func(x []float32) {
			guards, row := guarded(p.Words(len(x)), 3, func(int) float32 { return 0 })
			p.PackRow(row, x, 1)
			intact(t, "PackRow", guards, 3, len(row))
			for i, v := range x {
				got, want := math.Float32bits(p.number(row, i)), uint32(tensor.ToBF16(v))<<16
				if small := math.Abs(float64(v)) < 0x1p-126; got != want && !(p.Group > 1 && small && got == want&(1<<31)) {
					t.Fatalf("%g of %d becomes %#08x, want %#08x", v, len(x), got, want)
				}
			}
		}
		check(all)
		for n := range longest + 1 {
			check(all[n : 2*n])
		}
	})
}
