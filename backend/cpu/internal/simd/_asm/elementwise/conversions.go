package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// conversions work on blocks of eight numbers for both instruction sets.
func conversions() {
	block := func(name, signature, doc string, size [2]int, body func(dst, src Mem)) {
		TEXT(name, NOSPLIT, "func"+signature)
		Pragma("noescape")
		Doc(name + " " + doc)
		blocks([2]int{8 * size[0], 8 * size[1]}, body)
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
		x := YMM()
		VMOVUPS(src, x)
		isa{"AVX2", 8}.roundBF16(x)
		VPSRLD(Imm(16), x, x)
		VPACKUSDW(x, x, x) // within each half
		VPERMQ(Imm(0x08), x, x)
		VMOVUPS(x.AsX(), dst)
	})
}

// wideConversions are those of AVX-512, on blocks of sixteen numbers.
func wideConversions() {
	TEXT("toBF16Wide", NOSPLIT, "func(dst *uint16, src *float32, blocks int)")
	Pragma("noescape")
	Doc("toBF16Wide rounds blocks of 16 numbers, halves to even; a NaN stays one.")
	blocks([2]int{32, 64}, func(dst, src Mem) {
		x := ZMM()
		VMOVUPS(src, x)
		isa{"AVX512", 16}.roundBF16(x)
		VPSRLD(Imm(16), x, x)
		VPMOVDW(x, dst)
	})
}

// blocks is the loop over blocks, of so many bytes in dst and in src.
func blocks(bytes [2]int, body func(dst, src Mem)) {
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("blocks"), GP64())
	Label("loop")
	body(Mem{Base: dst}, Mem{Base: src})
	ADDQ(U32(bytes[0]), dst)
	ADDQ(U32(bytes[1]), src)
	SUBQ(Imm(1), n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// quantizations round numbers times scale to integers, halves to even, for both instruction sets. Beyond the limits of their types
// they saturate, which is not asked for.
func quantizations() {
	begin := func(name, element, doc string) {
		TEXT(name, NOSPLIT, "func(dst *"+element+", src *float32, blocks int, scale float32)")
		Pragma("noescape")
		Doc(name + " " + doc)
	}
	begin("quantizeU8Blocks", "uint8", "computes dst[i] = round(src[i]*scale) + 128 for blocks of 32 numbers.")
	scale, order := YMM(), YMM()
	VBROADCASTSS(NewParamAddr("scale", 24), scale)
	VMOVDQU(fours(), order)
	blocks([2]int{32, 128}, func(dst, src Mem) {
		var x [4]reg.VecVirtual
		for i := range x {
			x[i] = rounded(src.Offset(32*i), scale)
		}
		VPACKSSDW(x[1], x[0], x[0]) // within each half
		VPACKSSDW(x[3], x[2], x[2])
		VPACKSSWB(x[2], x[0], x[0])
		VPERMD(x[0], order, x[0])
		VPXOR(constant(0x80808080), x[0], x[0])
		VMOVDQU(x[0], dst)
	})
	begin("quantizeI16Blocks", "int16", "computes dst[i] = round(src[i]*scale) for blocks of 16 numbers.")
	scale = YMM()
	VBROADCASTSS(NewParamAddr("scale", 24), scale)
	blocks([2]int{32, 64}, func(dst, src Mem) {
		x, y := rounded(src, scale), rounded(src.Offset(32), scale)
		VPACKSSDW(y, x, x)
		VPERMQ(Imm(0xd8), x, x)
		VMOVDQU(x, dst)
	})
}

// rounded returns eight numbers times scale as integers.
func rounded(src Mem, scale reg.VecVirtual) reg.VecVirtual {
	x := YMM()
	VMULPS(src, scale, x)
	VCVTPS2DQ(x, x)
	return x
}

// fours is the order of groups of four bytes after packing twice within halves.
func fours() Mem {
	m := GLOBL("packedFours", RODATA|NOPTR)
	for i, group := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
		DATA(4*i, U32(group))
	}
	return m
}
