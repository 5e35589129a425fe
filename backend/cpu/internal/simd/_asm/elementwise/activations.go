package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// Vectors that are computed together have to fit into the registers: of AVX-512 there are twice as many.
func (s isa) activations() {
	s.activation("relu", 1, func(x group) { VMAXPS(x[0], s.zero(), x[0]) })
	s.activation("relu6", 1, func(x group) { s.clamp(x, 0, 6) })
	s.activation("silu", s.lanes/4, func(x group) { s.gated(x, func(z group) { s.times(x, -1, z) }) })
	s.activation("quickGELU", s.lanes/4, func(x group) { s.gated(x, func(z group) { s.times(x, -1.702, z) }) })
	s.activation("geluTanh", s.lanes/4, func(x group) { s.gated(x, func(z group) { s.tanhArgument(x, z) }) })
	s.activation("gelu", s.lanes/8, s.gelu)
}

func (s isa) activation(name string, together int, f func(x group)) {
	s.begin(name, "(dst, x []float32)")
	dst, x := Load(Param("dst").Base(), GP64()).(reg.GPVirtual), Load(Param("x").Base(), GP64()).(reg.GPVirtual)
	n := Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	s.together(together, n, []reg.GPVirtual{dst, x}, func(parts []part) {
		var g group
		for _, p := range parts {
			g = append(g, p.from(x))
		}
		f(g)
		for i, p := range parts {
			p.to(dst, g[i])
		}
	})
	VZEROUPPER()
	RET()
}

// gated replaces x by x·sigmoid(-z) = x/(1 + exp(z)), which needs no case for large |x|.
func (s isa) gated(x group, argument func(z group)) {
	z := s.vectors(len(x))
	argument(z)
	s.exp(z)
	s.plus(z, 1)
	for i := range x {
		VDIVPS(z[i], x[i], x[i])
	}
}

// tanhArgument stores -2·√(2/π)·(x + 0.044715·x³) in z: 1 + tanh(u) = 2·sigmoid(2u).
func (s isa) tanhArgument(x, z group) {
	a := 2 * math.Sqrt(2/math.Pi)
	for i := range x {
		VMULPS(x[i], x[i], z[i])
	}
	s.times(z, -0.044715*a, z)
	s.plus(z, -a)
	for i := range x {
		VMULPS(x[i], z[i], z[i])
	}
}

// gelu replaces x by x·Φ(x) = max(x, 0) - |x|·Φ(-|x|). Beyond 15 the second term is 0.
func (s isa) gelu(x group) {
	size, most := s.vectors(len(x)), s.load(float(15))
	for i := range x {
		VANDPS(integer(0x7fffffff), x[i], size[i])
		VMINPS(size[i], most, size[i])
	}
	tail := s.normalTail(size)
	for i := range x {
		VMAXPS(x[i], s.zero(), x[i])
		VFNMADD231PS(size[i], tail[i], x[i])
	}
}

// normalTail returns Φ(-x) for x ≥ 0 as exp(-x²/2)·t·Q(t) with t = 1/(1 + 0.35·x); tools/fit/gelu.py gives Q. What x² loses
// to rounding is put back by 1 - (x² - fl(x²))/2.
func (s isa) normalTail(x group) group {
	square, lost, t := s.vectors(len(x)), s.vectors(len(x)), s.vectors(len(x))
	for i := range x {
		VMULPS(x[i], x[i], square[i])
		VMOVAPS(x[i], lost[i])
		VFMSUB213PS(square[i], x[i], lost[i])
	}
	s.times(lost, -0.5, lost)
	s.times(square, -0.5, square)
	one := s.load(float(1))
	for i := range x {
		VMOVUPS(float(0.35), t[i])
		VFMADD213PS(one, x[i], t[i])
		VDIVPS(t[i], one, t[i])
	}
	q := s.polynomial(t, 0.00362990521, -0.0482674311, 0.187371678, -0.311253036, 0.203192771, -0.0454417059, 0.112735096,
		0.118398937, 0.140019701, 0.139614076)
	for i := range x {
		VMULPS(t[i], q[i], q[i])
	}
	s.exp(square)
	for i := range x {
		VMULPS(square[i], q[i], q[i])
		VFMADD213PS(q[i], q[i], lost[i])
	}
	return lost
}
