// Elementwise generates the loops over vectors: activations, sums, and what surrounds matrix products.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func main() {
	ConstraintExpr("!noasm")
	for _, s := range []isa{{"AVX2", 8}, {"AVX512", 16}} {
		s.activations()
		s.arithmetic()
		s.reductions()
	}
	conversions()
	Generate()
}

// begin starts a function with the name and documentation of a field of Kernels.
func (s isa) begin(name, signature string) {
	TEXT(name+s.name, NOSPLIT, "func"+signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("%s%s computes %s.", name, s.name, loops[name]))
}

// loops are what the functions compute for each i.
var loops = map[string]string{
	"relu": "dst[i] = max(x[i], 0)", "relu6": "dst[i] = min(max(x[i], 0), 6)",
	"silu": "dst[i] = x[i] / (1 + exp(-x[i]))", "quickGELU": "dst[i] = x[i] / (1 + exp(-1.702*x[i]))",
	"gelu":     "dst[i] = x[i]/2 * (1 + erf(x[i]/√2))",
	"geluTanh": "dst[i] = x[i]/2 * (1 + tanh(√(2/π) * (x[i] + 0.044715*x[i]³)))",
	"affine":   "dst[i] = x[i]*scale[i] + shift[i]", "normalize": "dst[i] = (x[i]-mean[i])*scale[i] + shift[i]",
	"add": "dst[i] = a[i] + b[i]", "mul": "dst[i] = a[i] * b[i]", "mulAdd": "dst[i] += a[i] * b[i]",
	"lincomb": "dst[i] = alpha*a[i] + beta*b[i]", "scale": "x[i] *= s", "addSquares": "sum[i] += (x[i]-mean[i])²",
	"expSum": "x[i] = exp(x[i]*scale - shift), and Σ x[i] of the results", "max": "the largest x[i]",
	"sum": "Σ x[i]", "sumSquares": "Σ (x[i]-mean)²",
}

// conversions work on blocks of eight numbers for both instruction sets.
func conversions() {
	block := func(name, signature, doc string, size [2]int, body func(dst, src Mem)) {
		TEXT(name, NOSPLIT, "func"+signature)
		Pragma("noescape")
		Doc(name + " " + doc)
		dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("blocks"), GP64())
		Label("loop")
		body(Mem{Base: dst}, Mem{Base: src})
		ADDQ(Imm(uint64(8*size[0])), dst)
		ADDQ(Imm(uint64(8*size[1])), src)
		SUBQ(Imm(1), n)
		JNE(LabelRef("loop"))
		VZEROUPPER()
		RET()
	}
	const widen, narrow = "(dst *float32, src *uint16, blocks int)", "(dst *uint16, src *float32, blocks int)"
	block("fromF16Blocks", widen, "converts blocks of 8 numbers.", [2]int{4, 2}, func(dst, src Mem) {
		y := YMM()
		VCVTPH2PS(src, y)
		VMOVUPS(y, dst)
	})
	block("fromBF16Blocks", widen, "converts blocks of 8 numbers.", [2]int{4, 2}, func(dst, src Mem) {
		y := YMM()
		VPMOVZXWD(src, y)
		VPSLLD(Imm(16), y, y)
		VMOVUPS(y, dst)
	})
	block("toF16Blocks", narrow, "rounds blocks of 8 numbers, halves to even.", [2]int{2, 4}, func(dst, src Mem) {
		y := YMM()
		VMOVUPS(src, y)
		VCVTPS2PH(Imm(0), y, dst)
	})
	block("toBF16Blocks", narrow, "rounds blocks of 8 numbers, halves to even; a NaN stays one.", [2]int{2, 4}, func(dst, src Mem) {
		x, odd, cut, nan := YMM(), YMM(), YMM(), YMM()
		VMOVUPS(src, x)
		VPSRLD(Imm(16), x, cut)
		VPAND(integer(1), cut, odd)
		VPADDD(integer(0x7fff), odd, odd)
		VPADDD(odd, x, odd)
		VPSRLD(Imm(16), odd, odd)
		VPOR(integer(0x40), cut, cut)
		VCMPPS(Imm(3), x, x, nan) // unordered
		VBLENDVPS(nan, cut, odd, odd)
		VPACKUSDW(odd, odd, odd) // within each half
		VPERMQ(Imm(0x08), odd, odd)
		VMOVUPS(odd.AsX(), dst)
	})
}
