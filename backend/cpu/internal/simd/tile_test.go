package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var nan = float32(math.NaN())

// forEach runs f as a subtest for each implementation.
func forEach(t *testing.T, f func(t *testing.T, k *Kernels)) {
	for _, k := range Variants() {
		t.Run(k.Name, func(t *testing.T) { f(t, k) })
	}
}

// A product is one call of Tile. NaN surrounds its operands, and guard its result.
type product struct {
	rows, k, lda, ldc, nr int
	a, b, c               []float32
}

const guard = 12345

func newProduct(r *rand.Rand, rows, k, nr, gap int) product {
	p := product{rows: rows, k: k, lda: k + gap, ldc: nr + gap, nr: nr}
	p.a = slices.Repeat([]float32{nan}, rows*p.lda+1)
	p.b = slices.Repeat([]float32{nan}, k*nr+nr)
	p.c = slices.Repeat([]float32{guard}, rows*p.ldc+nr)
	for i := range rows {
		for j := range k {
			p.a[i*p.lda+j] = float32(r.NormFloat64())
		}
		for j := range nr {
			p.c[i*p.ldc+j] = float32(r.NormFloat64())
		}
	}
	for i := range k * nr {
		p.b[i] = float32(r.NormFloat64())
	}
	return p
}

// want returns element j of row i, and the sum of the sizes of its terms.
func (p product) want(i, j int, add bool) (sum, size float64) {
	if add {
		sum = float64(p.c[i*p.ldc+j])
	}
	size = math.Abs(sum)
	for l := range p.k {
		term := float64(p.a[i*p.lda+l]) * float64(p.b[l*p.nr+j])
		sum, size = sum+term, size+math.Abs(term)
	}
	return sum, size
}

// check compares c, which Tile computed, with p, which it was computed from.
func (p product) check(t *testing.T, c []float32, add bool) {
	t.Helper()
	for i, got := range c {
		row, col := i/p.ldc, i%p.ldc
		if row >= p.rows || col >= p.nr {
			if got != guard {
				t.Fatalf("%d rows, k %d: wrote %g at row %d, column %d", p.rows, p.k, got, row, col)
			}
			continue
		}
		want, size := p.want(row, col, add)
		if diff := math.Abs(float64(got) - want); !(diff <= 1e-6*size) {
			t.Fatalf("%d rows, k %d, add %t: row %d, column %d is %g, want %g", p.rows, p.k, add, row, col, got, want)
		}
	}
}

func TestTile(t *testing.T) {
	depths := []int{64, 127, 257}
	for k := range 41 {
		depths = append(depths, k)
	}
	forEach(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(1, 2))
		for rows := 1; rows <= k.MR; rows++ {
			for _, depth := range depths {
				p := newProduct(r, rows, depth, k.NR, (rows+depth)%5)
				for _, add := range []bool{false, true} {
					c := slices.Clone(p.c)
					k.Tile(Rows{&c[0], p.ldc}, Rows{&p.a[0], p.lda}, &p.b[0], rows, depth, add)
					p.check(t, c, add)
				}
			}
		}
	})
}

// Results do not depend on the tile that an element is in.
func TestTileOrder(t *testing.T) {
	const depth = 100
	forEach(t, func(t *testing.T, k *Kernels) {
		p := newProduct(rand.New(rand.NewPCG(3, 4)), k.MR, depth, k.NR, 0)
		for _, cut := range []int{0, 1, 7, 50} {
			multiply := func(c []float32, row, rows int) {
				k.Tile(Rows{&c[row*p.ldc], p.ldc}, Rows{&p.a[row*p.lda], p.lda}, &p.b[0], rows, cut, false)
				k.Tile(Rows{&c[row*p.ldc], p.ldc}, Rows{&p.a[row*p.lda+cut], p.lda}, &p.b[cut*k.NR], rows, depth-cut, true)
			}
			want, got := slices.Clone(p.c), slices.Clone(p.c)
			multiply(want, 0, k.MR)
			for row := range k.MR {
				multiply(got, row, 1)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("row by row, k cut at %d: other bits", cut)
			}
		}
	})
}

// The assembly implementations agree to the bit.
func TestTileAgreement(t *testing.T) {
	assembly := native()
	if len(assembly) < 2 {
		t.Skip("this machine has fewer than two")
	}
	const n, depth = 32, 77
	r := rand.New(rand.NewPCG(5, 6))
	a, w := make([]float32, depth), make([]float32, n*depth)
	for _, v := range [][]float32{a, w} {
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
	}
	var want []float32
	for _, k := range assembly {
		got, panel := make([]float32, n), make([]float32, depth*k.NR)
		for j := 0; j < n; j += k.NR {
			k.PackF32(&panel[0], &w[j*depth], depth, k.NR, depth)
			k.Tile(Rows{&got[j], n}, Rows{&a[0], depth}, &panel[0], 1, depth, false)
		}
		if want != nil && !slices.Equal(got, want) {
			t.Errorf("%s and %s differ", k.Name, assembly[0].Name)
		}
		want = got
	}
}

func BenchmarkTile(b *testing.B) {
	for _, k := range Variants() {
		for rows := 1; rows <= k.MR; rows++ {
			b.Run(fmt.Sprintf("%s/%d", k.Name, rows), func(b *testing.B) {
				p := newProduct(rand.New(rand.NewPCG(7, 8)), rows, 256, k.NR, 16)
				for b.Loop() {
					k.Tile(Rows{&p.c[0], p.ldc}, Rows{&p.a[0], p.lda}, &p.b[0], rows, p.k, true)
				}
				flops := 2 * rows * p.k * p.nr
				b.ReportMetric(float64(flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
