package backendtest

import (
	"fmt"
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// shapes of elementwise operations have rows of every length around a vector register.
func shapes() [][]int {
	all := [][]int{{1}, {257}, {2, 3, 5, 7}, {3, 1, 65}, {1, 4099}}
	for n := 1; n <= 34; n++ {
		all = append(all, []int{2, n})
	}
	return all
}

// ofOne makes the tests of dst = f(x) for one shape: contiguous, strided, and in place.
func ofOne(kernel, name string, shape []int, f fill, call func(k backend.Kernels, dst, x Tensor)) []test {
	var tests []test
	for _, v := range []view{{}, strided(len(shape))} {
		x := in(shape...).with(f).viewed(v)
		tests = append(tests,
			test{kernel: kernel, name: label(name, shape, v.label("x")),
				operands: []operand{out(shape...).viewed(v), x},
				call:     func(k backend.Kernels, t []Tensor) { call(k, t[0], t[1]) }},
			test{kernel: kernel, name: label(name, shape, v.label("x"), "inplace"), operands: []operand{x},
				call: func(k backend.Kernels, t []Tensor) { call(k, t[0], t[0]) }})
	}
	return tests
}

func actTests() []test {
	var tests []test
	limits := oneOf(0, float32(math.Copysign(0, -1)), 1e-30, -1e-30, 6, 6.0001, 5.9999, 17, -17, 87.3, -87.3, 88.8, -88.8,
		104, -104, 1e4, -1e4, 1e30, -1e30, 1e-6, -1e-6)
	for f := backend.None; f <= backend.QuickGELU; f++ {
		call := func(k backend.Kernels, dst, x Tensor) { k.Act(dst, x, f) }
		for _, shape := range shapes() {
			tests = append(tests, ofOne("Act", f.String()+" near", shape, normal(0, 4), call)...)
		}
		tests = append(tests, ofOne("Act", f.String()+" dense", []int{64, 513}, normal(0, 3), call)...)
		tests = append(tests, ofOne("Act", f.String()+" limits", []int{3, 301}, limits, call)...)
	}
	return tests
}

// ofTwo makes the tests of dst = f(a, b) for one shape: contiguous, strided, into a and, unless b is smaller, into b.
func ofTwo(kernel, name string, a, b []int, call func(k backend.Kernels, dst, a, b Tensor)) []test {
	var tests []test
	add := func(v view, where string, operands []operand, call func(k backend.Kernels, t []Tensor)) {
		tests = append(tests, test{kernel: kernel, name: label(name, a, b, v.label("a"), where), operands: operands, call: call})
	}
	for _, v := range []view{{}, strided(len(a))} {
		x, y := in(a...).with(normal(0, 2)).viewed(v), in(b...).with(normal(0, 2))
		if v.name != "" {
			y.view = strided(len(b))
		}
		add(v, "", []operand{out(a...).viewed(v), x, y}, func(k backend.Kernels, t []Tensor) { call(k, t[0], t[1], t[2]) })
		add(v, "into a", []operand{x, y}, func(k backend.Kernels, t []Tensor) { call(k, t[0], t[0], t[1]) })
		if kernel != "Add" {
			add(v, "into b", []operand{y, x}, func(k backend.Kernels, t []Tensor) { call(k, t[0], t[1], t[0]) })
		}
	}
	return tests
}

func gluTests() []test {
	var tests []test
	for f := backend.None; f <= backend.QuickGELU; f++ {
		call := func(k backend.Kernels, dst, a, b Tensor) { k.Glu(dst, a, b, f) }
		for _, shape := range [][]int{{1}, {2, 3, 5, 7}, {3, 1, 65}, {5, 17}, {1, 4099}, {9, 640}} {
			tests = append(tests, ofTwo("Glu", f.String(), shape, shape, call)...)
		}
	}
	return tests
}

func addTests() []test {
	call := func(k backend.Kernels, dst, a, b Tensor) { k.Add(dst, a, b) }
	var tests []test
	for _, shape := range shapes() {
		tests = append(tests, ofTwo("Add", "", shape, shape, call)...)
	}
	for _, b := range [][]int{{1}, {7}, {5, 7}, {3, 5, 7}, {1, 7}, {1, 5, 7}, {1, 1, 5, 7}, {1, 3, 5, 7}, {1, 1, 1, 7},
		{1, 1, 1, 1}} {
		tests = append(tests, ofTwo("Add", "", []int{2, 3, 5, 7}, b, call)...)
	}
	return append(tests, ofTwo("Add", "", []int{2, 77, 640}, []int{77, 640}, call)...)
}

func lincombTests() []test {
	var tests []test
	for _, c := range [][2]float32{{1, 1}, {0, -1}, {-6.5, 7.5}, {0.3, 0}, {1e-3, 1e3}} {
		call := func(k backend.Kernels, dst, a, b Tensor) { k.Lincomb(dst, c[0], a, c[1], b) }
		for _, shape := range shapes() {
			tests = append(tests, ofTwo("Lincomb", fmt.Sprint(c), shape, shape, call)...)
		}
	}
	return append(tests, mixedTests()...)
}

// mixedTests are of Lincomb where some of the operands are F32 whatever the activations are, as the state of a sampler is.
func mixedTests() []test {
	call := func(k backend.Kernels, t []Tensor) { k.Lincomb(t[0], -6.5, t[1], 7.5, t[2]) }
	inPlace := func(k backend.Kernels, t []Tensor) { k.Lincomb(t[0], 1, t[0], -0.3, t[1]) }
	var tests []test
	for _, shape := range [][]int{{1}, {2, 3, 5, 7}, {3, 1, 65}, {1, 4099}} {
		kept, v := fixed(shape...), strided(len(shape))
		for name, c := range map[string]test{
			"into f32":       {operands: []operand{kept, in(shape...), in(shape...).viewed(v)}, call: call},
			"of f32":         {operands: []operand{out(shape...).viewed(v), kept, kept}, call: call},
			"of one f32":     {operands: []operand{out(shape...), in(shape...), kept.viewed(v)}, call: call},
			"added to f32":   {operands: []operand{kept, in(shape...)}, call: inPlace},
			"f32 added to x": {operands: []operand{in(shape...), kept}, call: inPlace},
		} {
			c.kernel, c.name = "Lincomb", label(name, shape)
			tests = append(tests, c)
		}
	}
	return tests
}

func gatherTests() []test {
	var tests []test
	for _, dt := range floats {
		for _, ids := range [][]int{{1}, {77}, {2, 9}, {2, 3, 5}} {
			for _, d := range []int{1, 3, 16, 67, 768} {
				shape := append(slices.Clone(ids), d)
				for _, v := range []func(rank int) view{compact, strided} {
					tests = append(tests, test{
						kernel: "Gather",
						name:   label(ids, d, dt, v(1).label("all")),
						operands: []operand{out(shape...).viewed(v(len(shape))), in(41, d).stored(dt).viewed(v(2)),
							indices(41, ids...).viewed(v(len(ids)))},
						call: func(k backend.Kernels, t []Tensor) { k.Gather(t[0], t[1], t[2]) },
					})
				}
			}
		}
	}
	return tests
}

func copyTests() []test {
	// Ties, the largest and the smallest numbers of half precision, infinities and numbers that become them.
	special := oneOf(0, 1, -1, 2049, 2051, 65504, 65519, 65520, -65520, 6.1e-5, 6e-8, 2.98e-8, 3e-8, 1e-40, 3.4e38, -3.4e38,
		1.00390625, 1.01171875, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()))
	var tests []test
	for _, from := range floats {
		for _, to := range floats {
			for _, shape := range shapes() {
				tests = append(tests, conversion(from, to, shape, view{}, view{}, uniform),
					conversion(from, to, shape, columns(len(shape)), strided(len(shape)), normal(0, 100)))
			}
			tests = append(tests, conversion(from, to, []int{7, 143}, view{}, view{}, special))
		}
	}
	// Taking a projection apart, and putting channels together.
	return append(tests, conversion(tensor.F32, tensor.F32, []int{2, 9, 4, 10}, third(1, 4), view{}, uniform),
		conversion(tensor.F32, tensor.F32, []int{2, 6, 5, 33}, view{}, columns(4), uniform))
}

// conversion is a call of Copy.
func conversion(from, to tensor.DType, shape []int, src, dst view, f fill) test {
	return test{
		kernel:   "Copy",
		name:     label(from, to, shape, src.label("src"), dst.label("dst")),
		operands: []operand{out(shape...).stored(to).viewed(dst), in(shape...).stored(from).with(f).viewed(src)},
		call:     func(k backend.Kernels, t []Tensor) { k.Copy(t[0], t[1]) },
	}
}
