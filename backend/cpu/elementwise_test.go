package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
)

// activation is f in float64.
func activation(f backend.Act, x float64) float64 {
	switch f {
	case backend.ReLU:
		return max(x, 0)
	case backend.ReLU6:
		return min(max(x, 0), 6)
	case backend.SiLU:
		return x / (1 + math.Exp(-x))
	case backend.GELU:
		return x / 2 * math.Erfc(-x/math.Sqrt2)
	case backend.GELUTanh:
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	case backend.QuickGELU:
		return x / (1 + math.Exp(-1.702*x))
	}
	return x
}

// pads are the distances between the rows of dst, x and y.
var pads = [][3]int{{0, 0, 0}, {3, 0, 0}, {0, 1, 5}, {2, 2, 2}}

func TestAct(t *testing.T) {
	shapes := [][]int{{1}, {7, 3}, {3, 5, 17}, {2, 3, 50, 9}, {2, 9000}}
	for f := backend.None; f <= backend.QuickGELU; f++ {
		for i, shape := range shapes {
			t.Run(fmt.Sprint(f, shape), func(t *testing.T) {
				pad := pads[i%len(pads)]
				x := normal(random("act"), pad[1], shape...)
				var want []float64
				for _, v := range valuesOf(x) {
					want = append(want, activation(f, float64(v)))
				}
				onEach(t, func(b *Backend) []float32 {
					dst := blank(pad[0], shape...)
					b.Act(dst, x, f)
					between(t, "dst", dst)
					return valuesOf(dst)
				}, func(t *testing.T, got []float32) { near(t, "dst", got, want, 4e-7, 0.1) })
			})
		}
	}
}

// operate is an operation of two operands, in which element i of y repeats.
type operate struct {
	run  func(b *Backend, dst, x, y backend.Tensor)
	want func(x, y float64) float64
}

var operations = map[string]operate{
	"Glu": {
		func(b *Backend, dst, x, y backend.Tensor) { b.Glu(dst, x, y, backend.SiLU) },
		func(x, y float64) float64 { return x * activation(backend.SiLU, y) },
	},
	"Add": {
		func(b *Backend, dst, x, y backend.Tensor) { b.Add(dst, x, y) },
		func(x, y float64) float64 { return x + y },
	},
	"Lincomb": {
		func(b *Backend, dst, x, y backend.Tensor) { b.Lincomb(dst, -1.5, x, 0.75, y) },
		func(x, y float64) float64 { return -1.5*x + 0.75*y },
	},
}

func testOperation(t *testing.T, op operate, pad [3]int, x, y backend.Tensor) {
	var want []float64
	ys := valuesOf(y)
	for i, v := range valuesOf(x) {
		want = append(want, op.want(float64(v), float64(ys[i%len(ys)])))
	}
	onEach(t, func(b *Backend) []float32 {
		dst := blank(pad[0], x.Shape()...)
		op.run(b, dst, x, y)
		between(t, "dst", dst)
		inPlace := clone(x)
		op.run(b, inPlace, inPlace, y)
		if i := firstDifference(valuesOf(inPlace), valuesOf(dst)); i >= 0 {
			t.Fatalf("element %d differs with dst = x", i)
		}
		if x.SameShape(y) {
			inPlace := clone(y)
			op.run(b, inPlace, x, inPlace)
			if i := firstDifference(valuesOf(inPlace), valuesOf(dst)); i >= 0 {
				t.Fatalf("element %d differs with dst = y", i)
			}
		}
		return valuesOf(dst)
	}, func(t *testing.T, got []float32) { near(t, "dst", got, want, 4e-7, 1) })
}

func TestTwoOperands(t *testing.T) {
	for name, op := range operations {
		for i, shape := range [][]int{{1}, {7, 3}, {3, 5, 17}, {2, 3, 50, 9}, {2, 9000}, {80000}} {
			t.Run(fmt.Sprint(name, shape), func(t *testing.T) {
				r, pad := random(name), pads[i%len(pads)]
				testOperation(t, op, pad, normal(r, pad[1], shape...), normal(r, pad[2], shape...))
			})
		}
	}
}

func TestAddBroadcast(t *testing.T) {
	shape := []int{2, 3, 11, 21}
	for i, other := range [][]int{{21}, {11, 21}, {1, 1, 21}, {3, 11, 21}, {1, 3, 11, 21}, {1}, {1, 1, 1}} {
		t.Run(fmt.Sprint(other), func(t *testing.T) {
			r, pad := random("broadcast"), pads[i%len(pads)]
			testOperation(t, operations["Add"], pad, normal(r, pad[1], shape...), normal(r, pad[2], other...))
		})
	}
}

func TestRope(t *testing.T) {
	r := random("rope")
	x, cos, sin := normal(r, 2, 2, 37, 3*16).Heads(3), normal(r, 1, 37, 8), normal(r, 0, 37, 8)
	var want []float64
	for i := range x.Rows() {
		row, c, s := rowOf(x, i), rowOf(cos, i/3%37), rowOf(sin, i/3%37)
		for j := range c {
			a, b, c, s := float64(row[2*j]), float64(row[2*j+1]), float64(c[j]), float64(s[j])
			want = append(want, a*c-b*s, b*c+a*s)
		}
	}
	onEach(t, func(b *Backend) []float32 {
		x := clone(x)
		b.Rope(x, cos, sin)
		return valuesOf(x)
	}, func(t *testing.T, got []float32) { near(t, "x", got, want, 3e-7, 1) })
}
