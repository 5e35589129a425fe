package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestFew compares products of few rows with float64. NaN surrounds their operands, and guard the results. Implementations agree to
// the bit.
func TestFew(t *testing.T) {
	var want [][]float32
	forEachFew(t, func(t *testing.T, p *Product) {
		r := rand.New(rand.NewPCG(15, 16))
		draw := func() float32 { return float32(r.NormFloat64()) }
		got := slices.Concat(
			fewOf(t, p, r, tensor.F32, func(v float32) float32 { return v }, nan, draw),
			fewOf(t, p, r, tensor.F16, tensor.FromF16, 0x7e00, func() uint16 { return tensor.ToF16(draw()) }),
			fewOf(t, p, r, tensor.BF16, tensor.FromBF16, 0x7fc0, func() uint16 { return tensor.ToBF16(draw()) }),
			fewOf(t, p, r, tensor.I8, func(v int8) float32 { return float32(v) }, 99, func() int8 { return int8(r.Uint32()) }))
		for i := range want {
			if !slices.Equal(as[uint32](got[i]), as[uint32](want[i])) {
				t.Fatalf("product %d: other bits than those of another implementation", i)
			}
		}
		want = got
	})
}

// forEachFew runs f as a subtest for each implementation that there is.
func forEachFew(t *testing.T, f func(t *testing.T, p *Product)) {
	forEachProduct(t, tensor.F32, func(t *testing.T, p *Product) {
		if p.Few == nil {
			t.Skip("tiles multiply few rows as well")
		}
		f(t, p)
	})
}

// fewOf multiplies by weights of one type, in many shapes, and returns the results.
func fewOf[E float32 | uint16 | int8](t *testing.T, p *Product, r *rand.Rand, dt tensor.DType, value func(E) float32, gap E, draw func() E) (all [][]float32) {
	depths := []int{64, 100, 257, 5000}
	for k := range 50 {
		depths = append(depths, k)
	}
	for _, k := range depths {
		for _, n := range []int{1, 2, 3, 4, 5, 8, 11} {
			rows, ldx, ldw, ldc := 1+(k+n)%9, k+n%3, k+(n+k)%4, n+k%3
			x, w, c := make([]float32, rows*ldx+1), make([]E, n*ldw+1), slices.Repeat([]float32{guard}, rows*ldc)
			for i := range x {
				if x[i] = nan; ldx > 0 && i%ldx < k && i < rows*ldx {
					x[i] = float32(r.NormFloat64())
				}
			}
			for i := range w {
				if w[i] = gap; ldw > 0 && i%ldw < k && i < n*ldw {
					w[i] = draw()
				}
			}
			p.Few(Rows{&c[0], ldc}, Rows{&x[0], ldx}, Matrix{unsafe.Pointer(&w[0]), dt, ldw * dt.Size()}, rows, n, k)
			for i, got := range c {
				row, col := i/ldc, i%ldc
				if col >= n {
					if got != guard {
						t.Fatalf("%v, %d×%d×%d: wrote %g at row %d, column %d", dt, rows, n, k, got, row, col)
					}
					continue
				}
				var want, size float64
				for l := range k {
					term := float64(x[row*ldx+l]) * float64(value(w[col*ldw+l]))
					want, size = want+term, size+math.Abs(term)
				}
				if !(math.Abs(float64(got)-want) <= 1e-6*size) {
					t.Fatalf("%v, %d×%d×%d: row %d, column %d is %g, want %g", dt, rows, n, k, row, col, got, want)
				}
			}
			all = append(all, c)
		}
	}
	return all
}

// Results depend on neither the rows nor the columns beside them.
func TestFewOrder(t *testing.T) {
	const rows, n, k = 7, 30, 3001
	forEachFew(t, func(t *testing.T, p *Product) {
		r := rand.New(rand.NewPCG(17, 18))
		x, w := make([]float32, rows*k), make([]uint16, n*k)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		for i := range w {
			w[i] = tensor.ToBF16(float32(r.NormFloat64()))
		}
		want := make([]float32, rows*n)
		m := Matrix{unsafe.Pointer(&w[0]), tensor.BF16, 2 * k}
		p.Few(Rows{&want[0], n}, Rows{&x[0], k}, m, rows, n, k)
		for _, together := range []int{1, 2, 3, 4, 5} {
			for _, wide := range []int{1, 2, 3, 5, 7, 30} {
				got := make([]float32, rows*n)
				for i := 0; i < rows; i += together {
					for j := 0; j < n; j += wide {
						p.Few(Rows{&got[i*n+j], n}, Rows{&x[i*k], k}, m.from(j), min(together, rows-i), min(wide, n-j), k)
					}
				}
				if !slices.Equal(as[uint32](got), as[uint32](want)) {
					t.Fatalf("%d rows and %d columns at a time: other bits", together, wide)
				}
			}
		}
	})
}
