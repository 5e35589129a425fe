package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

func (s isa) activations() {
	s.activation("relu", func(x reg.VecVirtual) { VMAXPS(x, s.zero(), x) })
	s.activation("relu6", func(x reg.VecVirtual) { s.clamp(x, 0, 6) })
	s.activation("silu", func(x reg.VecVirtual) { s.gated(x, func(z reg.VecVirtual) { VMULPS(float(-1), x, z) }) })
	s.activation("quickGELU", func(x reg.VecVirtual) { s.gated(x, func(z reg.VecVirtual) { VMULPS(float(-1.702), x, z) }) })
	s.activation("geluTanh", func(x reg.VecVirtual) { s.gated(x, func(z reg.VecVirtual) { s.tanhArgument(x, z) }) })
	s.activation("gelu", s.gelu)
}

func (s isa) activation(name string, f func(x reg.VecVirtual)) {
	s.begin(name, "(dst, x []float32)")
	dst, x := Load(Param("dst").Base(), GP64()).(reg.GPVirtual), Load(Param("x").Base(), GP64()).(reg.GPVirtual)
	n := Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	s.each(n, []reg.GPVirtual{dst, x}, func(p part) {
		v := p.from(x)
		f(v)
		p.to(dst, v)
	})
	VZEROUPPER()
	RET()
}

// gated replaces x by x·sigmoid(-z) = x/(1 + exp(z)), which needs no case for large |x|.
func (s isa) gated(x reg.VecVirtual, argument func(z reg.VecVirtual)) {
	z := s.vector()
	argument(z)
	s.exp(z)
	VADDPS(float(1), z, z)
	VDIVPS(z, x, x)
}

// tanhArgument stores -2·√(2/π)·(x + 0.044715·x³) in z: 1 + tanh(u) = 2·sigmoid(2u).
func (s isa) tanhArgument(x, z reg.VecVirtual) {
	a := 2 * math.Sqrt(2/math.Pi)
	VMULPS(x, x, z)
	VMULPS(float(-0.044715*a), z, z)
	VADDPS(float(-a), z, z)
	VMULPS(x, z, z)
}

// gelu replaces x by x·Φ(x) = max(x, 0) - |x|·Φ(-|x|). Beyond 15 the second term is 0.
func (s isa) gelu(x reg.VecVirtual) {
	size := s.vector()
	VANDPS(integer(0x7fffffff), x, size)
	VMINPS(size, s.load(float(15)), size)
	tail := s.normalTail(size)
	VMAXPS(x, s.zero(), x)
	VFNMADD231PS(size, tail, x)
}

// normalTail returns Φ(-x) for x ≥ 0 as exp(-x²/2)·t·Q(t) with t = 1/(1 + 0.35·x); tools/fit/gelu.py gives Q. What x² loses
// to rounding is put back by 1 - (x² - fl(x²))/2.
func (s isa) normalTail(x reg.VecVirtual) reg.VecVirtual {
	square, lost, t, one := s.vector(), s.vector(), s.load(float(0.35)), s.load(float(1))
	VMULPS(x, x, square)
	VMOVAPS(x, lost)
	VFMSUB213PS(square, x, lost)
	VMULPS(float(-0.5), lost, lost)
	VMULPS(float(-0.5), square, square)
	VFMADD213PS(one, x, t)
	VDIVPS(t, one, t)
	q := s.polynomial(t, 0.00362990521, -0.0482674311, 0.187371678, -0.311253036, 0.203192771, -0.0454417059, 0.112735096,
		0.118398937, 0.140019701, 0.139614076)
	VMULPS(t, q, q)
	s.exp(square)
	VMULPS(square, q, q)
	VFMADD213PS(q, q, lost)
	return lost
}
