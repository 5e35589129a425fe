package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// operands is loops that make operands of products, and numbers of their sums.
func (s isa) operands() {
	s.elementwise("roundBF16", "(dst, x []float32)", "x", []string{"dst", "x"}, nil,
		func(p part, at, _ []reg.VecVirtual) reg.VecVirtual {
			s.roundBF16(at[1])
			return at[1]
		})
	s.elementwise("pairBF16", "(dst, a, b []float32)", "a", []string{"dst", "a", "b"}, nil,
		func(p part, at, _ []reg.VecVirtual) reg.VecVirtual {
			s.roundBF16(at[1])
			s.roundBF16(at[2])
			VPSRLD(Imm(16), at[1], at[1])
			s.or(at[1], at[2])
			return at[2]
		})
	s.elementwise("fromIntegers", "(dst, sums, zero, scales []float32, scale float32)", "sums", []string{"dst", "sums", "zero", "scales"}, []string{"scale"},
		func(p part, at, scalars []reg.VecVirtual) reg.VecVirtual {
			VPSUBD(at[2], at[1], at[1])
			VCVTDQ2PS(at[1], at[1])
			VMULPS(scalars[0], at[3], at[3])
			VMULPS(at[3], at[1], at[1])
			return at[1]
		})
	s.absMax()
}

// roundBF16 rounds the elements of x to bfloat16, halves to even, and leaves them float32s; a NaN stays one.
func (s isa) roundBF16(x reg.VecVirtual) {
	odd, nan := s.vector(), s.vector()
	VPSRLD(Imm(16), x, odd)
	s.and(integer(1), odd)
	VPADDD(x, odd, odd)
	if s.lanes == 16 {
		VPADDD(integer(0x7fff), odd, odd)
		VPORD(integer(0x400000), x, nan)
		unordered := K()
		VCMPPS(Imm(3), x, x, unordered)
		VMOVDQA32(nan, unordered, odd)
	} else {
		VPADDD(integer(0x7fff), odd, odd)
		VPOR(integer(0x400000), x, nan)
		unordered := YMM()
		VCMPPS(Imm(3), x, x, unordered)
		VBLENDVPS(unordered, nan, odd, odd)
	}
	s.and(integer(0xffff0000), odd)
	VMOVAPS(odd, x)
}

func (s isa) and(m Op, x reg.VecVirtual) {
	if s.lanes == 16 {
		VPANDD(m, x, x)
	} else {
		VPAND(m, x, x)
	}
}

func (s isa) or(a, x reg.VecVirtual) {
	if s.lanes == 16 {
		VPORD(a, x, x)
	} else {
		VPOR(a, x, x)
	}
}

// absMax compares numbers without their signs as integers, among which infinity and NaN are the largest.
func (s isa) absMax() {
	s.begin("absMax", "(x []float32) float32")
	x, n := Load(Param("x").Base(), GP64()).(reg.GPVirtual), Load(Param("x").Len(), GP64()).(reg.GPVirtual)
	total := s.zero()
	s.each(n, []reg.GPVirtual{x}, func(p part) {
		v := p.from(x)
		s.and(integer(0x7fffffff), v)
		VPMAXUD(v, total, total)
	})
	s.result(group{total}, func(a, b reg.VecVirtual) { VPMAXUD(a, b, b) })
}
