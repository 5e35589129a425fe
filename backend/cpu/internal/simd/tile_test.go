package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

var nan = float32(math.NaN())

// forEach runs f as a subtest for each implementation.
func forEach(t *testing.T, f func(t *testing.T, k *Kernels)) {
	for _, k := range Variants() {
		t.Run(k.Name, func(t *testing.T) { f(t, k) })
	}
}

// operands are the types of products.
var operands = []tensor.DType{tensor.F32, tensor.BF16, tensor.I8}

// A multiplication is one call of Tile, of k numbers. NaN surrounds its operands, and guard its result.
type multiplication struct {
	p                 *Product
	rows, k, lda, ldc int
	x, w              []float32 // [rows, k] and [NR, k], as the product takes them: rounded, or integers
	a, b, c           []float32 // packed
}

const guard = 12345

func newMultiplication(r *rand.Rand, p *Product, operands tensor.DType, rows, k, gap int) multiplication {
	m := multiplication{p: p, rows: rows, k: k, lda: p.Words(k) + gap, ldc: p.NR + gap}
	m.a = slices.Repeat([]float32{nan}, rows*m.lda+1)
	m.b = slices.Repeat([]float32{nan}, p.Words(k)*p.NR+p.NR)
	m.c = slices.Repeat([]float32{guard}, rows*m.ldc+p.NR)
	draw := func() float32 {
		switch operands {
		case tensor.I8:
			return float32(r.IntN(255) - MaxInteger)
		case tensor.BF16:
			return tensor.FromBF16(tensor.ToBF16(float32(r.NormFloat64())))
		}
		return float32(r.NormFloat64())
	}
	for range rows * k {
		m.x = append(m.x, draw())
	}
	for range p.NR * k {
		m.w = append(m.w, draw())
	}
	for i := range rows {
		p.PackRow(m.a[i*m.lda:][:p.Words(k)], m.x[i*k:(i+1)*k], 1)
		for j := range p.NR {
			m.c[i*m.ldc+j] = float32(r.NormFloat64())
			if p.Integer {
				as[int32](m.c)[i*m.ldc+j] = int32(r.IntN(1 << 20))
			}
		}
	}
	w := m.w
	stored := Matrix{Type: tensor.F32, Ld: 4 * k}
	if p.Integer {
		bytes := make([]int8, len(m.w)+1)
		for i, v := range m.w {
			bytes[i] = int8(v)
		}
		stored = Matrix{At: unsafe.Pointer(&bytes[0]), Type: tensor.I8, Ld: k}
	} else if k > 0 {
		stored.At = unsafe.Pointer(&w[0])
	}
	p.PackColumns(m.b[:p.Words(k)*p.NR], stored, p.NR, k)
	return m
}

// sum returns element i of sums.
func (m multiplication) sum(c []float32, i int) float64 {
	if m.p.Integer {
		return float64(as[int32](c)[i])
	}
	return float64(c[i])
}

// want returns element j of row i, and the sum of the sizes of its terms. Integers of a have an offset where PackRow gives them one.
func (m multiplication) want(i, j int, add bool) (sum, size float64) {
	if add {
		sum = m.sum(m.c, i*m.ldc+j)
	}
	offset := 0.
	if m.p.Integer && m.p.Group == 4 {
		offset = 128
	}
	size = math.Abs(sum)
	for l := range m.k {
		term := (float64(m.x[i*m.k+l]) + offset) * float64(m.w[j*m.k+l])
		sum, size = sum+term, size+math.Abs(term)
	}
	return sum, size
}

// check compares c, which Tile computed, with m, which it was computed from. Integers are exact.
func (m multiplication) check(t *testing.T, c []float32, add bool) {
	t.Helper()
	tolerance := 1e-6
	if m.p.Integer {
		tolerance = 0
	}
	for i := range c {
		row, col := i/m.ldc, i%m.ldc
		if row >= m.rows || col >= m.p.NR {
			if c[i] != guard {
				t.Fatalf("%d rows, k %d: wrote %g at row %d, column %d", m.rows, m.k, c[i], row, col)
			}
			continue
		}
		want, size := m.want(row, col, add)
		if diff := math.Abs(m.sum(c, i) - want); !(diff <= tolerance*size) {
			t.Fatalf("%d rows, k %d, add %t: row %d, column %d is %g, want %g", m.rows, m.k, add, row, col, m.sum(c, i), want)
		}
	}
}

// run multiplies rows of m from one to another, and words of k.
func (m multiplication) run(c []float32, row, rows, word, words int, add bool) {
	m.p.Tile(Rows{&c[row*m.ldc], m.ldc}, Rows{&m.a[row*m.lda+word], m.lda}, &m.b[word*m.p.NR], rows, words, add)
}

func TestTile(t *testing.T) {
	depths := []int{64, 127, 257}
	for k := range 41 {
		depths = append(depths, k)
	}
	for _, operands := range operands {
		t.Run(operands.String(), func(t *testing.T) {
			forEachProduct(t, operands, func(t *testing.T, p *Product) {
				r := rand.New(rand.NewPCG(1, 2))
				for rows := 1; rows <= p.MR; rows++ {
					for _, depth := range depths {
						m := newMultiplication(r, p, operands, rows, depth, (rows+depth)%5)
						for _, add := range []bool{false, true} {
							c := slices.Clone(m.c)
							m.run(c, 0, rows, 0, p.Words(depth), add)
							m.check(t, c, add)
						}
					}
				}
			})
		})
	}
}

// Results do not depend on the tile that an element is in.
func TestTileOrder(t *testing.T) {
	const depth = 400
	for _, operands := range operands {
		forEachProduct(t, operands, func(t *testing.T, p *Product) {
			m := newMultiplication(rand.New(rand.NewPCG(3, 4)), p, operands, p.MR, depth, 0)
			words := p.Words(depth)
			for _, cut := range []int{0, 1, 7, 50} {
				multiply := func(c []float32, row, rows int) {
					m.run(c, row, rows, 0, cut, false)
					m.run(c, row, rows, cut, words-cut, true)
				}
				want, got := slices.Clone(m.c), slices.Clone(m.c)
				multiply(want, 0, p.MR)
				for row := range p.MR {
					multiply(got, row, 1)
				}
				if !slices.Equal(as[uint32](got), as[uint32](want)) {
					t.Fatalf("row by row, k cut at %d: other bits", cut)
				}
			}
		})
	}
}

// The assembly implementations of float32s agree to the bit, and all implementations of integers.
func TestTileAgreement(t *testing.T) {
	const n, depth = 32, 77
	r := rand.New(rand.NewPCG(5, 6))
	x, w, codes := make([]float32, depth), make([]float32, n*depth), make([]int8, n*depth)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	for i := range w {
		w[i], codes[i] = float32(r.NormFloat64()), int8(r.IntN(255)-127)
	}
	multiply := func(p *Product, stored Matrix) []float32 {
		got, a, zero := make([]float32, n), make([]float32, p.Words(depth)), make([]float32, n)
		panel := make([]float32, p.Words(depth)*p.NR)
		for j := 0; j < n; j += p.NR {
			p.PackColumns(panel, stored.from(j), p.NR, depth)
			for i := range a {
				a[i] = p.Zero
			}
			p.Tile(Rows{&zero[j], n}, Rows{&a[0], depth}, &panel[0], 1, p.Words(depth), false)
			p.PackRow(a, x, MaxInteger/absMaxGeneric(x))
			p.Tile(Rows{&got[j], n}, Rows{&a[0], depth}, &panel[0], 1, p.Words(depth), false)
		}
		if p.Integer {
			p.FromSums(got, got, zero, w[:n], 0.5)
		}
		return got
	}
	var f32, i8 []float32
	for _, k := range Variants() {
		if got := multiply(&k.I8, Matrix{unsafe.Pointer(&codes[0]), tensor.I8, depth}); i8 != nil && !slices.Equal(got, i8) {
			t.Errorf("integers of %s: other bits", k.Name)
		} else {
			i8 = got
		}
		if k.Name == "generic" {
			continue
		}
		if got := multiply(&k.F32, Matrix{unsafe.Pointer(&w[0]), tensor.F32, 4 * depth}); f32 != nil && !slices.Equal(got, f32) {
			t.Errorf("float32s of %s: other bits", k.Name)
		} else {
			f32 = got
		}
	}
}

// TestPackRow rounds rows of every length, in place too.
func TestPackRow(t *testing.T) {
	for _, operands := range operands {
		forEachProduct(t, operands, func(t *testing.T, p *Product) {
			r := rand.New(rand.NewPCG(13, 14))
			for n := range 140 {
				src := make([]float32, n)
				for i := range src {
					src[i] = float32(r.NormFloat64())
				}
				scale := MaxInteger / max(1, absMaxGeneric(src))
				dst := slices.Repeat([]float32{guard}, p.Words(n)+1)
				p.PackRow(dst[:p.Words(n)], src, scale)
				if dst[p.Words(n)] != guard {
					t.Fatalf("%d numbers: wrote behind the last word", n)
				}
				for i := range p.Words(n) * p.Group {
					want := float32(0)
					if i < n {
						want = src[i]
					}
					got := p.number(dst, i)
					switch {
					case p.Integer && p.Group == 4:
						got, want = float32(as[uint8](dst)[i])-128, float32(math.RoundToEven(float64(want*scale)))
					case p.Integer:
						want = float32(math.RoundToEven(float64(want * scale)))
					case operands == tensor.BF16:
						want = tensor.FromBF16(tensor.ToBF16(want))
					}
					if got != want {
						t.Fatalf("%d numbers: number %d is %g, want %g", n, i, got, want)
					}
				}
				p.PackRow(src[:p.Words(n)], src, scale)
				if !slices.Equal(as[uint32](src[:p.Words(n)]), as[uint32](dst[:p.Words(n)])) {
					t.Fatalf("%d numbers in place: other bits", n)
				}
			}
		})
	}
}

func BenchmarkTile(b *testing.B) {
	for _, operands := range operands {
		seen := map[string]bool{}
		for _, k := range Variants() {
			p := k.Product(operands)
			if seen[p.Name] {
				continue
			}
			seen[p.Name] = true
			for rows := 1; rows <= p.MR; rows++ {
				b.Run(fmt.Sprintf("%v/%s/%d", operands, p.Name, rows), func(b *testing.B) {
					const words = 256
					m := newMultiplication(rand.New(rand.NewPCG(7, 8)), p, operands, rows, words*p.Group, 16)
					for b.Loop() {
						m.run(m.c, 0, rows, 0, words, true)
					}
					flops := 2 * rows * m.k * p.NR
					b.ReportMetric(float64(flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}
