package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// guarded returns n values of f in the middle of a larger slice of guards, off elements from its start.
func guarded(n, off int, f func(i int) float32) (all, middle []float32) {
	all = slices.Repeat([]float32{guard}, off+n+20)
	middle = all[off : off+n : off+n]
	for i := range middle {
		middle[i] = f(i)
	}
	return all, middle
}

// intact fails if a guard around the n values at off was overwritten.
func intact(t *testing.T, name string, all []float32, off, n int) {
	t.Helper()
	for i, v := range all {
		if (i < off || i >= off+n) && v != guard {
			t.Fatalf("%s, length %d: wrote %g at %d", name, n, v, i-off)
		}
	}
}

// A loop is a kernel that stores want(s[0][i], s[1][i], …) in s[0].
type loop struct {
	name     string
	operands int
	run      func(k *Kernels, s [][]float32)
	want     func(x []float64) float64
}

var loops = []loop{
	{"Affine", 4, func(k *Kernels, s [][]float32) { k.Affine(s[0], s[1], s[2], s[3]) },
		func(x []float64) float64 { return x[1]*x[2] + x[3] }},
	{"Affine in place", 3, func(k *Kernels, s [][]float32) { k.Affine(s[0], s[0], s[1], s[2]) },
		func(x []float64) float64 { return x[0]*x[1] + x[2] }},
	{"Affine of its own shift", 2, func(k *Kernels, s [][]float32) { k.Affine(s[0], s[1], s[0], s[0]) },
		func(x []float64) float64 { return x[1]*x[0] + x[0] }},
	{"Add", 3, func(k *Kernels, s [][]float32) { k.Add(s[0], s[1], s[2]) },
		func(x []float64) float64 { return x[1] + x[2] }},
	{"Add in place", 2, func(k *Kernels, s [][]float32) { k.Add(s[0], s[1], s[0]) },
		func(x []float64) float64 { return x[1] + x[0] }},
	{"Mul", 3, func(k *Kernels, s [][]float32) { k.Mul(s[0], s[1], s[2]) },
		func(x []float64) float64 { return x[1] * x[2] }},
	{"MulAdd", 3, func(k *Kernels, s [][]float32) { k.MulAdd(s[0], s[1], s[2]) },
		func(x []float64) float64 { return x[0] + x[1]*x[2] }},
	{"Lincomb", 3, func(k *Kernels, s [][]float32) { k.Lincomb(s[0], -2.5, s[1], 0.75, s[2]) },
		func(x []float64) float64 { return -2.5*x[1] + 0.75*x[2] }},
	{"Scale", 1, func(k *Kernels, s [][]float32) { k.Scale(s[0], 1.25) },
		func(x []float64) float64 { return 1.25 * x[0] }},
	{"AddSquares", 3, func(k *Kernels, s [][]float32) { k.AddSquares(s[0], s[1], s[2]) },
		func(x []float64) float64 { return x[0] + (x[1]-x[2])*(x[1]-x[2]) }},
}

const longest = 257 // length of the tests

func TestLoops(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(1, 1))
		for _, l := range loops {
			for n := range longest + 1 {
				var all, s [][]float32
				for o := range l.operands {
					a, m := guarded(n, (n+3*o)%5, func(int) float32 { return float32(r.NormFloat64()) })
					all, s = append(all, a), append(s, m)
				}
				before := slices.Clone(s)
				before[0] = slices.Clone(s[0])
				l.run(k, s)
				for i, got := range s[0] {
					var x []float64
					for _, operand := range before {
						x = append(x, float64(operand[i]))
					}
					if want := l.want(x); math.Abs(float64(got)-want) > 1e-6*max(1, math.Abs(want)) {
						t.Fatalf("%s, length %d: element %d is %g, want %g", l.name, n, i, got, want)
					}
				}
				for o := range all {
					intact(t, l.name, all[o], (n+3*o)%5, n)
				}
			}
		}
	})
}

func TestSums(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(2, 2))
		for n := range longest + 1 {
			all, x := guarded(n, n%5, func(int) float32 { return 3 + float32(r.NormFloat64()) })
			var sum, squares, size float64
			for _, v := range x {
				sum += float64(v)
				squares += (float64(v) - 3) * (float64(v) - 3)
				size += math.Abs(float64(v))
			}
			if got := float64(k.Sum(x)); math.Abs(got-sum) > 1e-6*size {
				t.Errorf("Sum, length %d: %g, want %g", n, got, sum)
			}
			if got := float64(k.SumSquares(x, 3)); math.Abs(got-squares) > 1e-6*squares {
				t.Errorf("SumSquares, length %d: %g, want %g", n, got, squares)
			}
			if n > 0 && k.Max(x) != slices.Max(x) {
				t.Errorf("Max, length %d: %g, want %g", n, k.Max(x), slices.Max(x))
			}
			intact(t, "sums", all, n%5, n)
		}
	})
}

// The greatest element is found wherever it is, and below zero.
func TestMax(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		for n := 1; n <= longest; n++ {
			for at := range n {
				_, x := guarded(n, 1, func(i int) float32 { return -2 })
				x[at] = -1
				if got := k.Max(x); got != -1 {
					t.Fatalf("length %d, greatest at %d: %g", n, at, got)
				}
			}
		}
		if inf := float32(math.Inf(-1)); k.Max([]float32{inf, inf, inf}) != inf {
			t.Error("-Inf is not its own maximum")
		}
	})
}

func TestExpSum(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(3, 3))
		for n := range longest + 1 {
			all, x := guarded(n, n%5, func(int) float32 { return float32(r.NormFloat64()) })
			before, total := slices.Clone(x), 0.
			sum := float64(k.ExpSum(x, 2, 0.5))
			for i, v := range before {
				want := math.Exp(2*float64(v) - 0.5)
				total += want
				if math.Abs(float64(x[i])-want) > 1e-6*want {
					t.Fatalf("length %d: element %d is %g, want %g", n, i, x[i], want)
				}
			}
			if math.Abs(sum-total) > 1e-6*total {
				t.Fatalf("length %d: sum %g, want %g", n, sum, total)
			}
			intact(t, "ExpSum", all, n%5, n)
		}
	})
}

// manyVectors is how long a slice is that has four vectors of AVX-512, which are computed together, one more, and a part of one.
const manyVectors = 5*16 + 1

// special are values at which something may go wrong.
var special = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, nan, float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -math.MaxFloat32,
	math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 0x1p-126, -0x1p-126, 1e-30, 88.7, 88.73, -87.3, -87.4, -103.9, -104.1, 200, -200,
	1e4, -1e4, 1e30, -1e30, 6, 5.9999995, -3, 3, 13, -13, 15, -15.5,
}

func TestExpSpecial(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		for _, v := range special {
			x := slices.Repeat([]float32{v}, manyVectors)
			k.ExpSum(x, 1, 0)
			for i, got := range x {
				want := math.Exp(float64(v))
				if !close32(got, want, 1e-6*want+math.SmallestNonzeroFloat32) {
					t.Errorf("exp(%g) is %g at %d, want %g", v, got, i, want)
				}
			}
		}
	})
}

// close32 reports whether got is want rounded to float32, or within tolerance of it.
func close32(got float32, want, tolerance float64) bool {
	return same(got, float32(want)) || math.Abs(float64(got)-want) <= tolerance
}

// activations are the functions of Kernels.Act in float64. They take the limits at infinity from the formulas.
var activations = [7]struct {
	name string
	f    func(x float64) float64
}{
	{"none", func(x float64) float64 { return x }},
	{"relu", func(x float64) float64 { return max(x, 0) }},
	{"relu6", func(x float64) float64 { return min(max(x, 0), 6) }},
	{"silu", func(x float64) float64 { return x / (1 + math.Exp(-x)) }},
	{"gelu", func(x float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) }},
	{"gelu-tanh", func(x float64) float64 {
		return x / (1 + math.Exp(-2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}},
	{"quick-gelu", func(x float64) float64 { return x / (1 + math.Exp(-1.702*x)) }},
}

// TestActAccuracy bounds the error by 2⁻²³·|y|, an ulp or two of y, and, as sigmoid and Φ go to 0, by 2⁻²⁴·|x|.
func TestActAccuracy(t *testing.T) {
	var x []float32
	for v := float32(-20); v < 20; v += 0.00137 {
		x = append(x, v)
	}
	for v := float32(0x1p-149); v < 1e38; v *= 1.7 {
		x = append(x, v, -v)
	}
	forEach(t, func(t *testing.T, k *Kernels) {
		for i, a := range activations {
			dst, worst, at := make([]float32, len(x)), 0., float32(0)
			k.Act[i](dst, x)
			for j, got := range dst {
				want := a.f(float64(x[j]))
				unit := 0x1p-24*math.Max(math.Abs(want), 0x1p-3*math.Abs(float64(x[j]))) + math.SmallestNonzeroFloat32
				if e := math.Abs(float64(got)-want) / unit; !(e <= worst) {
					worst, at = e, x[j]
				}
			}
			t.Logf("%s: at most %.2f roundings, at %g", a.name, worst, at)
			if !(worst < 5) {
				t.Errorf("%s(%g): %g roundings", a.name, at, worst)
			}
		}
	})
}

func TestActSpecial(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		for i, a := range activations {
			for _, v := range special {
				dst := make([]float32, manyVectors)
				k.Act[i](dst, slices.Repeat([]float32{v}, manyVectors))
				want := a.f(float64(v))
				for j, got := range dst {
					if !close32(got, want, 1e-6*math.Abs(want)+1e-7*math.Abs(float64(v))+math.SmallestNonzeroFloat32) && !acceptable(v, got) {
						t.Errorf("%s(%g) is %g at %d, want %g", a.name, v, got, j, want)
					}
				}
			}
		}
	})
}

// acceptable reports whether got may stand for f(-Inf), the limit of which is 0 where the formula says NaN.
func acceptable(x, got float32) bool { return math.IsInf(float64(x), -1) && (got == 0 || got != got) }

func TestActLengths(t *testing.T) {
	forEach(t, func(t *testing.T, k *Kernels) {
		r := rand.New(rand.NewPCG(4, 4))
		for i, a := range activations {
			for n := range longest + 1 {
				draw := func(int) float32 { return 3 * float32(r.NormFloat64()) }
				allX, x := guarded(n, n%3, draw)
				allY, y := guarded(n, n%5, draw)
				k.Act[i](y, x)
				for j, got := range y {
					if want := a.f(float64(x[j])); math.Abs(float64(got)-want) > 2e-6 {
						t.Fatalf("%s, length %d: element %d is %g, want %g", a.name, n, j, got, want)
					}
				}
				intact(t, a.name, allX, n%3, n)
				intact(t, a.name, allY, n%5, n)
				k.Act[i](x, x)
				if !slices.Equal(x, y) {
					t.Fatalf("%s, length %d: differs in place", a.name, n)
				}
			}
		}
	})
}

func BenchmarkLoops(b *testing.B) {
	const n = 4096
	x, y, z := make([]float32, n), make([]float32, n), make([]float32, n)
	for _, k := range Variants() {
		run := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s/%s", k.Name, name), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gelement/s")
			})
		}
		for i, a := range activations {
			run(a.name, func() { k.Act[i](y, x) })
		}
		run("Add", func() { k.Add(z, y, x) })
		run("Affine", func() { k.Affine(z, x, y, y) })
		run("AddSquares", func() { k.AddSquares(z, x, y) })
		run("Sum", func() { k.Sum(x) })
		run("SumSquares", func() { k.SumSquares(x, 1) })
		run("Max", func() { k.Max(x) })
		run("ExpSum", func() { k.ExpSum(z, 0, 0) })
	}
}
