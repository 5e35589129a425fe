package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// integers returns int8 weights, all of the same value, with a scale of 1.
func integers(value int8, dims ...int) backend.Weight {
	w := backend.Weight{Matrix: made(tensor.I8, dims...), Scale: tensor.FromFloat32s(slices.Repeat([]float32{1}, dims[0]), dims[0])}
	for i := range tensor.Bytes(w.Matrix) {
		tensor.Bytes(w.Matrix)[i] = byte(value)
	}
	return w
}

// TestLongIntegerSums multiplies as many of the largest integers as a sum may have, and one more.
func TestLongIntegerSums(t *testing.T) {
	for _, k := range simd.Variants() {
		b := opened(t, 2, k)
		for _, terms := range []int{maxTerms, maxTerms + 1} {
			x, dst := made(tensor.F32, 2, terms), blank(2, 3)
			for i, v := 0, tensor.Float32s(x); i < len(v); i++ {
				v[i] = 127
			}
			b.Gemm(dst, x, integers(127, 3, terms), backend.GemmArgs{Compute: tensor.I8})
			want := 127. * 127 * float64(terms)
			near(t, k.Name, tensor.Float32s(dst), slices.Repeat([]float64{want}, 6), 1e-4, want)
		}
	}
}

// TestIntegersOfNaN checks that what is no number makes no numbers of its row, and leaves the others alone.
func TestIntegersOfNaN(t *testing.T) {
	for _, k := range simd.Variants() {
		b := opened(t, 2, k)
		for _, value := range []float64{math.NaN(), math.Inf(1)} {
			x, dst := normal(random("NaN"), 2, 40), blank(2, 3)
			tensor.Float32s(x)[7] = float32(value)
			b.Gemm(dst, x, integers(1, 3, 40), backend.GemmArgs{Compute: tensor.I8})
			for i, v := range tensor.Float32s(dst) {
				if finite := !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0); finite != (i >= 3) {
					t.Errorf("%s: %g in the row: element %d is %g", k.Name, value, i, v)
				}
			}
		}
	}
}

// TestBlocksFit cuts results of many shapes: blocks fit into the workspace, and together they are the result.
func TestBlocksFit(t *testing.T) {
	for _, k := range simd.Variants() {
		for _, workers := range []int{1, 2, 7, 64} {
			b := &Backend{k: k, pool: &pool{workers: workers}}
			for _, p := range []*simd.Product{&k.F32, &k.BF16, &k.I8} {
				for _, m := range []int{1, 15, 77, 526, 2048, 15553} {
					for _, n := range []int{1, 33, 800, 1664, 5120, 100003} {
						for _, half := range []int{0, n} {
							for _, words := range []int{1, 200, gemmDepth, gemmOnce} {
								g := gemm{b: b, p: p, rows: m, n: n, half: half, steps: stepsOf(p, words*p.Group, words*p.Group)}
								g.down, g.across = g.cuts()
								fits(t, &g)
							}
						}
					}
				}
			}
		}
	}
}

func fits(t *testing.T, g *gemm) {
	t.Helper()
	if _, end := part(g.rows, g.p.MR, g.down, g.down-1); end != g.rows {
		t.Fatalf("%d rows end at %d", g.rows, end)
	}
	if _, end := part(g.n, g.p.NR, g.across, g.across-1); end != g.n {
		t.Fatalf("%d columns end at %d", g.n, end)
	}
	for i := range min(g.down, 20) {
		for j := range min(g.across, 20) {
			top, bottom := part(g.rows, g.p.MR, g.down, i)
			left, right := part(g.n, g.p.NR, g.across, j)
			rows, columns := bottom-top, roundUp(right-left, g.p.NR)*g.halves()
			band, sums := rows*(g.p.Words(g.depth)+rowPad), (rows+g.p.Extra())*columns
			if rows > gemmRows || sums > gemmSums || band > gemmBand {
				t.Fatalf("%s, %d workers, %d×%d, half %d: a block of %d rows and %d columns, %d words of rows",
					g.p.Name, g.b.pool.workers, g.rows, g.n, g.half, rows, columns, band)
			}
		}
	}
}
