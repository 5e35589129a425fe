package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// clamp limits x to lo … hi; a NaN, being the second source, stays.
func (s isa) clamp(x reg.VecVirtual, lo, hi float64) {
	VMAXPS(x, s.load(float(lo)), x)
	VMINPS(x, s.load(float(hi)), x)
}

// exp replaces x by eˣ = 2ⁿ·eʳ, as exp of elementwise_generic.go does: 0 below -104, infinity above 89.
func (s isa) exp(x reg.VecVirtual) {
	const ln2Hi = 355.0 / 512
	s.clamp(x, -104, 89)
	n := s.vector()
	VMULPS(float(math.Log2E), x, n)
	if s.lanes == 16 {
		VRNDSCALEPS(Imm(8), n, n)
	} else {
		VROUNDPS(Imm(8), n, n)
	}
	VFNMADD231PS(float(ln2Hi), n, x)
	VFNMADD231PS(float(math.Ln2-ln2Hi), n, x)
	p := s.polynomial(x, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	square := s.vector()
	VMULPS(x, x, square)
	VFMADD213PS(x, square, p)
	VADDPS(float(1), p, p)
	s.scale2(x, p, n)
}

// polynomial returns Σ cᵢ·xⁱ, the coefficient of the highest power first.
func (s isa) polynomial(x reg.VecVirtual, c ...float64) reg.VecVirtual {
	p := s.load(float(c[0]))
	for _, c := range c[1:] {
		VFMADD213PS(float(c), x, p)
	}
	return p
}

// scale2 stores p·2ⁿ in x. AVX2 takes 2ⁿ in two factors, for subnormal results and for n = 128.
func (s isa) scale2(x, p, n reg.VecVirtual) {
	if s.lanes == 16 {
		VSCALEFPS(n, p, x)
		return
	}
	half, rest := s.vector(), s.vector()
	VCVTPS2DQ(n, rest)
	VPSRAD(Imm(1), rest, half)
	VPSUBD(half, rest, rest)
	for _, h := range []reg.VecVirtual{half, rest} {
		VPADDD(integer(127), h, h)
		VPSLLD(Imm(23), h, h)
		VMULPS(h, p, p)
	}
	VMOVAPS(p, x)
}
