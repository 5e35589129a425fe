package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// arithmetic is loops over several slices at once.
func (s isa) arithmetic() {
	s.elementwise("affine", "(dst, x, scale, shift []float32)", "x", []string{"dst", "x", "scale", "shift"}, nil,
		func(p part, at, _ []reg.VecVirtual) reg.VecVirtual {
			VFMADD213PS(at[3], at[2], at[1])
			return at[1]
		})
	s.elementwise("normalize", "(dst, x, mean, scale, shift []float32)", "x", []string{"dst", "x", "mean", "scale", "shift"}, nil,
		func(p part, at, _ []reg.VecVirtual) reg.VecVirtual {
			VSUBPS(at[2], at[1], at[1])
			VFMADD213PS(at[4], at[3], at[1])
			return at[1]
		})
	s.elementwise("add", "(dst, a, b []float32)", "a", []string{"dst", "a", "b"}, nil,
		func(p part, at, _ []reg.VecVirtual) reg.VecVirtual {
			VADDPS(at[2], at[1], at[1])
			return at[1]
		})
	s.elementwise("mul", "(dst, a, b []float32)", "a", []string{"dst", "a", "b"}, nil,
		func(p part, at, _ []reg.VecVirtual) reg.VecVirtual {
			VMULPS(at[2], at[1], at[1])
			return at[1]
		})
	s.elementwise("mulAdd", "(dst, a, b []float32)", "a", []string{"dst", "a", "b"}, nil,
		func(p part, at, _ []reg.VecVirtual) reg.VecVirtual {
			VFMADD231PS(at[2], at[1], at[0])
			return at[0]
		})
	s.elementwise("lincomb", "(dst []float32, alpha float32, a []float32, beta float32, b []float32)", "a",
		[]string{"dst", "a", "b"}, []string{"alpha", "beta"},
		func(p part, at, scalars []reg.VecVirtual) reg.VecVirtual {
			VMULPS(scalars[0], at[1], at[1])
			VFMADD231PS(scalars[1], at[2], at[1])
			return at[1]
		})
	s.elementwise("scale", "(x []float32, s float32)", "x", []string{"x"}, []string{"s"},
		func(p part, at, scalars []reg.VecVirtual) reg.VecVirtual {
			VMULPS(scalars[0], at[0], at[0])
			return at[0]
		})
	s.elementwise("addSquares", "(sum, x, mean []float32)", "x", []string{"sum", "x", "mean"}, nil,
		func(p part, at, _ []reg.VecVirtual) reg.VecVirtual {
			VSUBPS(at[2], at[1], at[1])
			VFMADD231PS(at[1], at[1], at[0])
			return at[0]
		})
}

// elementwise is a loop over slices of the length of one of them. The first is where f's result goes.
func (s isa) elementwise(name, signature, length string, slices, scalars []string, f func(p part, at, scalars []reg.VecVirtual) reg.VecVirtual) {
	s.begin(name, signature)
	var pointers []reg.GPVirtual
	for _, slice := range slices {
		pointers = append(pointers, Load(Param(slice).Base(), GP64()).(reg.GPVirtual))
	}
	var values []reg.VecVirtual
	for _, scalar := range scalars {
		values = append(values, s.broadcast(scalar))
	}
	n := Load(Param(length).Len(), GP64()).(reg.GPVirtual)
	s.each(n, pointers, func(p part) {
		var at []reg.VecVirtual
		for _, pointer := range pointers {
			at = append(at, p.from(pointer))
		}
		p.to(pointers[0], f(p, at, values))
	})
	VZEROUPPER()
	RET()
}

// reductions are sums, and the maximum.
func (s isa) reductions() {
	s.reduction("sum", "(x []float32) float32", nil, func(p part, x, total reg.VecVirtual, _ []reg.VecVirtual) {
		VADDPS(x, total, total)
	})
	s.reduction("sumSquares", "(x []float32, mean float32) float32", []string{"mean"},
		func(p part, x, total reg.VecVirtual, scalars []reg.VecVirtual) {
			VSUBPS(scalars[0], x, x)
			p.only(x)
			VFMADD231PS(x, x, total)
		})
	s.expSum()
	s.max()
}

// chains is how many sums a reduction keeps, so that one addition need not wait for the other.
const chains = 4

func (s isa) reduction(name, signature string, scalars []string, f func(p part, x, total reg.VecVirtual, scalars []reg.VecVirtual)) {
	s.begin(name, signature)
	x, n := Load(Param("x").Base(), GP64()).(reg.GPVirtual), Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	var values, totals []reg.VecVirtual
	for _, scalar := range scalars {
		values = append(values, s.broadcast(scalar))
	}
	for range chains {
		totals = append(totals, s.zero())
	}
	s.together(chains, n, []reg.GPVirtual{x}, func(parts []part) {
		for i, p := range parts {
			f(p, p.from(x), totals[i], values)
		}
	})
	s.result(totals, func(a, b reg.VecVirtual) { VADDPS(a, b, b) })
}

// expSum keeps one sum: the exponentials take longer than the additions.
func (s isa) expSum() {
	s.begin("expSum", "(x []float32, scale, shift float32) float32")
	x, n := Load(Param("x").Base(), GP64()).(reg.GPVirtual), Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	scale, shift, total := s.broadcast("scale"), s.broadcast("shift"), s.zero()
	s.together(s.lanes/4, n, []reg.GPVirtual{x}, func(parts []part) {
		var g group
		for _, p := range parts {
			v := p.from(x)
			VFMSUB213PS(shift, scale, v)
			g = append(g, v)
		}
		s.exp(g)
		for i, p := range parts {
			p.to(x, g[i])
			p.only(g[i])
			VADDPS(g[i], total, total)
		}
	})
	s.result(group{total}, func(a, b reg.VecVirtual) { VADDPS(a, b, b) })
}

func (s isa) max() {
	s.begin("max", "(x []float32) float32")
	x, n := Load(Param("x").Base(), GP64()).(reg.GPVirtual), Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	first, totals := s.vector(), s.vectors(chains)
	VBROADCASTSS(Mem{Base: x}, first)
	for _, total := range totals {
		VMOVAPS(first, total)
	}
	s.together(chains, n, []reg.GPVirtual{x}, func(parts []part) {
		for i, p := range parts {
			v := p.from(x)
			switch {
			case p.mask == nil:
			case p.lanes == 16:
				VBLENDMPS(v, first, p.mask, v)
			default:
				VBLENDVPS(p.mask, v, first, v)
			}
			VMAXPS(v, totals[i], totals[i])
		}
	})
	s.result(totals, func(a, b reg.VecVirtual) { VMAXPS(a, b, b) })
}

// result returns from a function with what combine makes of all elements of some vectors: it halves their number again and again.
func (s isa) result(vectors group, combine func(a, b reg.VecVirtual)) {
	for step := 1; step < len(vectors); step *= 2 {
		for i := 0; i < len(vectors); i += 2 * step {
			combine(vectors[i+step], vectors[i])
		}
	}
	v := vectors[0]
	if s.lanes == 16 {
		high := YMM()
		VEXTRACTF32X8(Imm(1), v, high)
		low := YMM()
		VMOVAPS(v.(reg.Vec).AsY(), low)
		combine(high, low)
		v = low
	}
	high, low := XMM(), XMM()
	VEXTRACTF128(Imm(1), v, high)
	VMOVAPS(v.(reg.Vec).AsX(), low)
	combine(high, low)
	VMOVHLPS(low, low, high)
	combine(high, low)
	VMOVSHDUP(low, high)
	combine(high, low)
	Store(low, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
