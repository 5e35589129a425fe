package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A group is vectors that take the same steps, each step one after the other: an instruction that waits for the one before it in its own
// vector leaves time for those of the others. Constants that all of them multiply by are read once.
type group []reg.VecVirtual

// vectors returns a new group of so many.
func (s isa) vectors(n int) (g group) {
	for range n {
		g = append(g, s.vector())
	}
	return g
}

// clamp limits x to lo … hi; a NaN, being the second source, stays.
func (s isa) clamp(x group, lo, hi float64) {
	least, most := s.load(float(lo)), s.load(float(hi))
	for _, x := range x {
		VMAXPS(x, least, x)
	}
	for _, x := range x {
		VMINPS(x, most, x)
	}
}

// exp replaces x by eˣ = 2ⁿ·eʳ, as exp of elementwise_generic.go does: 0 below -104, infinity above 89.
func (s isa) exp(x group) {
	const ln2Hi = 355.0 / 512
	s.clamp(x, -104, 89)
	n, square := s.vectors(len(x)), s.vectors(len(x))
	s.times(x, math.Log2E, n)
	for _, n := range n {
		if s.lanes == 16 {
			VRNDSCALEPS(Imm(8), n, n)
		} else {
			VROUNDPS(Imm(8), n, n)
		}
	}
	for _, part := range []float64{ln2Hi, math.Ln2 - ln2Hi} {
		c := s.load(float(part))
		for i := range x {
			VFNMADD231PS(c, n[i], x[i])
		}
	}
	p := s.polynomial(x, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	for i := range x {
		VMULPS(x[i], x[i], square[i])
	}
	for i := range x {
		VFMADD213PS(x[i], square[i], p[i])
	}
	s.plus(p, 1)
	s.scale2(x, p, n)
}

// times stores c·x in y, plus adds c to x.
func (s isa) times(x group, c float64, y group) {
	v := s.load(float(c))
	for i := range x {
		VMULPS(v, x[i], y[i])
	}
}

func (s isa) plus(x group, c float64) {
	v := s.load(float(c))
	for _, x := range x {
		VADDPS(v, x, x)
	}
}

// polynomial returns Σ cᵢ·xⁱ, the coefficient of the highest power first.
func (s isa) polynomial(x group, c ...float64) group {
	var p group
	for range x {
		p = append(p, s.load(float(c[0])))
	}
	for _, c := range c[1:] {
		v := s.load(float(c))
		for i := range x {
			VFMADD213PS(v, x[i], p[i])
		}
	}
	return p
}

// scale2 stores p·2ⁿ in x. AVX2 takes 2ⁿ in two factors, for subnormal results and for n = 128.
func (s isa) scale2(x, p, n group) {
	if s.lanes == 16 {
		for i := range x {
			VSCALEFPS(n[i], p[i], x[i])
		}
		return
	}
	half := s.vectors(len(x))
	for i := range x {
		VCVTPS2DQ(n[i], n[i])
		VPSRAD(Imm(1), n[i], half[i])
		VPSUBD(half[i], n[i], n[i])
	}
	for _, h := range []group{half, n} {
		for i := range x {
			VPADDD(integer(127), h[i], h[i])
			VPSLLD(Imm(23), h[i], h[i])
			VMULPS(h[i], p[i], p[i])
		}
	}
	for i := range x {
		VMOVAPS(p[i], x[i])
	}
}
