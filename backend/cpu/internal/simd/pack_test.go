package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// forEachProduct runs f as a subtest for each way to multiply operands of a type.
func forEachProduct(t *testing.T, operands tensor.DType, f func(t *testing.T, p *Product)) {
	seen := map[string]bool{}
	for _, k := range Variants() {
		if p := k.Product(operands); !seen[p.Name] {
			seen[p.Name] = true
			t.Run(p.Name, func(t *testing.T) { f(t, p) })
		}
	}
}

func TestPackF32(t *testing.T) {
	forEachProduct(t, tensor.F32, func(t *testing.T, p *Product) {
		testPack(t, p, tensor.F32, func(v float32) float32 { return v }, nan, func(r *rand.Rand) float32 { return float32(r.NormFloat64()) })
		testPack(t, p, tensor.F16, tensor.FromF16, 0x7e00, code)
		testPack(t, p, tensor.BF16, tensor.FromBF16, 0x7fc0, code)
		testPack(t, p, tensor.I8, func(v int8) float32 { return float32(v) }, 99, func(r *rand.Rand) int8 { return int8(r.Uint32()) })
	})
}

func TestPackBF16(t *testing.T) {
	round := func(v float32) float32 { return tensor.FromBF16(tensor.ToBF16(v)) }
	forEachProduct(t, tensor.BF16, func(t *testing.T, p *Product) {
		testPack(t, p, tensor.F32, round, nan, func(r *rand.Rand) float32 { return float32(r.NormFloat64()) })
		testPack(t, p, tensor.F16, func(v uint16) float32 { return round(tensor.FromF16(v)) }, 0x7e00, code)
		testPack(t, p, tensor.BF16, tensor.FromBF16, 0x7fc0, code)
		testPack(t, p, tensor.I8, func(v int8) float32 { return float32(v) }, 99, func(r *rand.Rand) int8 { return int8(r.Uint32()) })
	})
}

func TestPackI8(t *testing.T) {
	forEachProduct(t, tensor.I8, func(t *testing.T, p *Product) {
		testPack(t, p, tensor.I8, func(v int8) float32 { return float32(v) }, 99, func(r *rand.Rand) int8 { return int8(r.Uint32()) })
	})
}

// code returns any half-precision code, infinities, NaN and subnormal numbers among them.
func code(r *rand.Rand) uint16 { return uint16(r.Uint32()) }

// number returns the number at index i of words, as an operand of b.
func (p *Product) number(words []float32, i int) float32 {
	switch {
	case p.Integer && p.Group == 4:
		return float32(as[int8](words)[i])
	case p.Integer && p.Group == 2:
		return float32(as[int16](words)[i])
	case p.Integer:
		return float32(as[int32](words)[i])
	case p.Group == 2:
		return tensor.FromBF16(as[uint16](words)[i])
	}
	return words[i]
}

// testPack packs random weights, between rows of gap, with every n and many k.
func testPack[E float32 | uint16 | int8](t *testing.T, p *Product, dt tensor.DType, value func(E) float32, gap E, draw func(r *rand.Rand) E) {
	r := rand.New(rand.NewPCG(9, 10))
	for n := 1; n <= p.NR; n++ {
		for _, k := range []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 40, 129, 300} {
			ld := k + (n+k)%4
			src := make([]E, n*ld+1)
			for i := range src {
				if src[i] = gap; ld > 0 && i%ld < k {
					src[i] = draw(r)
				}
			}
			panel := make([]float32, (p.Words(k)+1)*p.NR)
			for i := range panel {
				panel[i] = guard
			}
			p.PackColumns(panel[:p.Words(k)*p.NR], Matrix{unsafe.Pointer(&src[0]), dt, ld * dt.Size()}, n, k)
			for i := range panel {
				word, j := i/p.NR, i%p.NR
				if word == p.Words(k) {
					if panel[i] != guard {
						t.Fatalf("%v, n %d, k %d: wrote behind the panel", dt, n, k)
					}
					continue
				}
				for g := range p.Group {
					want := float32(0)
					if l := word*p.Group + g; j < n && l < k {
						want = value(src[j*ld+l])
					}
					if got := p.number(panel, i*p.Group+g); !same(got, want) {
						t.Fatalf("%v, n %d, k %d: column %d, row %d is %g, want %g", dt, n, k, j, word*p.Group+g, got, want)
					}
				}
			}
		}
	}
}

// TestPackRows packs rows of numbers.
func TestPackRows(t *testing.T) {
	for _, operands := range []tensor.DType{tensor.F32, tensor.BF16} {
		forEachProduct(t, operands, func(t *testing.T, p *Product) {
			r := rand.New(rand.NewPCG(11, 12))
			for n := 1; n <= p.NR; n++ {
				for _, k := range []int{1, 2, 3, 8, 17} {
					ld := n + k%3
					src := slices.Repeat([]float32{nan}, k*ld+1)
					for i := range k {
						for j := range n {
							src[i*ld+j] = float32(r.NormFloat64())
						}
					}
					panel := slices.Repeat([]float32{nan}, p.Words(k)*p.NR+1)
					p.PackRows(panel[:p.Words(k)*p.NR], src, ld, k, n)
					for i := range p.Words(k) * p.NR * p.Group {
						l, j := i/p.Group/p.NR*p.Group+i%p.Group, i/p.Group%p.NR
						want := float32(0)
						if j < n && l < k {
							want = src[l*ld+j]
						}
						if operands == tensor.BF16 {
							want = tensor.FromBF16(tensor.ToBF16(want))
						}
						if got := p.number(panel, i); !same(got, want) {
							t.Fatalf("n %d, k %d: row %d, column %d is %g, want %g", n, k, l, j, got, want)
						}
					}
				}
			}
		})
	}
}

// same reports whether two numbers have the same bits or are both NaN.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
