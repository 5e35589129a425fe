package backendtest

import (
	"fmt"
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
)

// special are values at which activations go wrong most easily.
var special = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, 0.5, -0.5, 3, -3, 6, 7, -9, 20, -20, 88.7, -88.7, 104, -104, 1e4, -1e4, 1e30, -1e30, 1e-40, -1e-40,
	float32(math.NaN()),
}

var shapes = [][]int{{1}, {3}, {2, 31}, {2, 3, 33}, {1, 7, 257}, {2, 3, 5, 64}, {3, 4099}}

func elementwiseCases() (cases []testCase) {
	for _, shape := range shapes {
		for _, views := range []bool{false, true} {
			cases = append(cases, pointwiseCases(shape, views)...)
		}
	}
	for _, f := range allActs {
		cases = append(cases, testCase{
			name: fmt.Sprintf("Act %v of special values", f), dst: out(40, 13), in: []operand{in(40, 13).with(oneOf(special...))},
			call: func(k backend.Kernels, dst Tensor, t []Tensor) { k.Act(dst, t[0], f) },
		})
	}
	for _, b := range [][]int{{5}, {1, 5}, {4, 5}, {1, 4, 5}, {3, 4, 5}} {
		cases = append(cases, testCase{
			name: fmt.Sprintf("Add %v", b), dst: out(3, 4, 5).viewed(strided(3)), in: []operand{in(3, 4, 5), in(b...).viewed(columns(len(b)))},
			call: func(k backend.Kernels, dst Tensor, t []Tensor) { k.Add(dst, t[0], t[1]) },
		})
	}
	return append(cases, moveCases()...)
}

func pointwiseCases(shape []int, views bool) (cases []testCase) {
	x, dst := in(shape...).with(normal(0, 3)), out(shape...)
	if views {
		x, dst = x.viewed(strided(len(shape))), dst.viewed(columns(len(shape)))
	}
	for alias := range 3 {
		add := func(name string, operands int, call func(k backend.Kernels, dst Tensor, t []Tensor)) {
			if alias <= operands {
				cases = append(cases, testCase{
					name: fmt.Sprintf("%s %v, views %v, dst is operand %d", name, shape, views, alias),
					dst:  dst, in: []operand{x, x}[:operands], alias: alias, call: call,
				})
			}
		}
		for _, f := range allActs {
			add("Act "+f.String(), 1, func(k backend.Kernels, dst Tensor, t []Tensor) { k.Act(dst, t[0], f) })
		}
		add("Glu", 2, func(k backend.Kernels, dst Tensor, t []Tensor) { k.Glu(dst, t[0], t[1], backend.GELU) })
		add("Lincomb", 2, func(k backend.Kernels, dst Tensor, t []Tensor) { k.Lincomb(dst, 5, t[0], -4, t[1]) })
		if alias < 2 {
			add("Add", 2, func(k backend.Kernels, dst Tensor, t []Tensor) { k.Add(dst, t[0], t[1]) })
		}
	}
	return cases
}

// moveCases are kernels that compute nothing.
func moveCases() (cases []testCase) {
	for _, from := range weightTypes {
		for _, to := range weightTypes {
			for _, shape := range shapes {
				cases = append(cases, testCase{
					name: fmt.Sprintf("Copy %v from %v to %v", shape, from, to),
					dst:  out(shape...).as(to).viewed(columns(len(shape))), in: []operand{in(shape...).as(from).viewed(strided(len(shape)))},
					call: func(k backend.Kernels, dst Tensor, t []Tensor) { k.Copy(dst, t[0]) },
				}, testCase{
					name: fmt.Sprintf("Copy %v from %v to %v, compact", shape, from, to),
					dst:  out(shape...).as(to), in: []operand{in(shape...).as(from).with(normal(0, 100))},
					call: func(k backend.Kernels, dst Tensor, t []Tensor) { k.Copy(dst, t[0]) },
				})
			}
		}
		for _, ids := range [][]int{{1}, {7}, {2, 77}} {
			cases = append(cases, testCase{
				name: fmt.Sprintf("Gather %v from %v", ids, from), dst: out(append(ids, 41)...).viewed(columns(len(ids) + 1)),
				in:   []operand{in(50, 41).as(from).viewed(columns(2)), indices(50, ids...)},
				call: func(k backend.Kernels, dst Tensor, t []Tensor) { k.Gather(dst, t[0], t[1]) },
			})
		}
	}
	return cases
}

func smallCases() []testCase {
	cases := append(gemmCases(), convCases()...)
	cases = append(append(cases, attentionCases()...), deformCases()...)
	return append(append(append(cases, ropeCases()...), normCases()...), elementwiseCases()...)
}
