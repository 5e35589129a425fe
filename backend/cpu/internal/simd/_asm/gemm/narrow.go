package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// narrow makes words of numbers with the instruction that goes with VDPBF16PS.
func narrow() {
	TEXT("narrowBF16", NOSPLIT, "func(dst *uint16, src *float32, blocks int)")
	Pragma("noescape")
	Doc("narrowBF16 rounds blocks of 32 numbers, halves to even; denormal ones become 0, which VDPBF16PS takes them for.")
	dst, src, blocks := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("blocks"), GP64())
	Label("loop")
	const low, high = 0, 1
	VMOVUPS(Mem{Base: src}, zmm[low])
	VMOVUPS(Mem{Base: src, Disp: 64}, zmm[high])
	encoded(vcvtne2ps2bf16(low, high, low))
	VMOVDQU32(zmm[low], Mem{Base: dst})
	ADDQ(Imm(64), dst)
	ADDQ(U32(128), src)
	SUBQ(Imm(1), blocks)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
