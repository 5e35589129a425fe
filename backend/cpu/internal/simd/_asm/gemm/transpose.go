package main

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A format is how weights are stored.
type format struct {
	name string
	size int // in bytes
}

var formats = []format{{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I8", 1}}

// widen loads weights as float32s, as many as a vector has.
func (f format) widen(from, to Op) {
	switch f.name {
	case "F32":
		VMOVUPS(from, to)
	case "F16":
		VCVTPH2PS(from, to)
	case "BF16":
		VPMOVZXWD(from, to)
		VPSLLD(Imm(16), to, to)
	case "I8":
		VPMOVSXBD(from, to)
		VCVTDQ2PS(to, to)
	}
}

// A word is what weights become: one number of 32 bits, or two of 16. Words that are stored as such are transposed like F32.
type word struct {
	name  string // of functions
	group int
	of    []string                                    // formats
	load  func(f format, from Mem, to reg.VecVirtual) // weights of eight words
}

var wordKinds = []word{
	{"", 1, []string{"F32", "F16", "BF16", "I8"}, func(f format, from Mem, to reg.VecVirtual) { f.widen(from, to) }},
	{"Pairs", 2, []string{"F32", "F16", "I8"}, format.narrowed},
	{"Shorts", 2, []string{"I8"}, func(_ format, from Mem, to reg.VecVirtual) { VPMOVSXBW(from, to) }},
}

// narrowed loads 16 weights and rounds them to bfloat16, with the instruction that goes with VDPBF16PS.
func (f format) narrowed(from Mem, to reg.VecVirtual) {
	const free = 31
	f.widen(from, zmm[free])
	encoded(vcvtneps2bf16(free, free))
	VMOVDQU32(zmm[free].AsY(), to)
}

// transpositions generates those of weights into all words that they become.
func (f format) transpositions() {
	for _, w := range wordKinds {
		if slices.Contains(w.of, f.name) {
			f.transpose(w)
		}
	}
}

// transpose turns 8 rows of 8·blocks words, ld bytes apart, into columns. It prefetches the same
// rows of the next panel, stride rows further on: weights come from main memory, and the tiles that follow leave time.
func (f format) transpose(w word) {
	name := "transpose" + w.name + f.name
	TEXT(name, NOSPLIT, "func(dst *float32, stride int, src *byte, ld, blocks int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s turns 8 rows of %d*blocks weights, ld bytes apart, into columns of words: dst[i*stride+j] = src[j][i].", name, 8*w.group))
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride, ld := Load(Param("stride"), GP64()), Load(Param("ld"), GP64())
	blocks := Load(Param("blocks"), GP64())
	SHLQ(Imm(2), stride)
	ld3, src4 := GP64(), GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	LEAQ(Mem{Base: src, Index: ld, Scale: 4}, src4)
	ahead, ahead4 := GP64(), GP64()
	MOVQ(ld, ahead)
	IMULQ(stride, ahead)
	SHRQ(Imm(2), ahead)
	LEAQ(Mem{Base: src4, Index: ahead, Scale: 1}, ahead4)
	ADDQ(src, ahead)
	Label("loop")
	var x [8]reg.VecVirtual
	for r := range x {
		x[r] = YMM()
		at, next := Mem{Base: src}, Mem{Base: ahead}
		if r >= 4 {
			at.Base, next.Base = src4, ahead4
		}
		switch r % 4 {
		case 1, 2:
			at.Index, at.Scale = ld, uint8(r%4)
		case 3:
			at.Index, at.Scale = ld3, 1
		}
		next.Index, next.Scale = at.Index, at.Scale
		PREFETCHT1(next)
		w.load(f, at, x[r])
	}
	for r, column := range transposed(x) {
		VMOVUPS(column, Mem{Base: dst})
		if r < 8 {
			ADDQ(stride, dst)
		}
	}
	for _, p := range []Op{src, src4, ahead, ahead4} {
		ADDQ(I32(int32(8*w.group*f.size)), p)
	}
	SUBQ(Imm(1), blocks)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// transposed transposes a matrix of 8×8 in registers: pairs, then fours, then halves.
func transposed(x [8]reg.VecVirtual) [8]reg.VecVirtual {
	var pairs, fours, out [8]reg.VecVirtual
	for i := 0; i < 8; i += 2 {
		pairs[i], pairs[i+1] = YMM(), YMM()
		VUNPCKLPS(x[i+1], x[i], pairs[i])
		VUNPCKHPS(x[i+1], x[i], pairs[i+1])
	}
	for i := 0; i < 8; i += 4 {
		for j := range 2 {
			fours[i+2*j], fours[i+2*j+1] = YMM(), YMM()
			VSHUFPS(Imm(0x44), pairs[i+j+2], pairs[i+j], fours[i+2*j])
			VSHUFPS(Imm(0xee), pairs[i+j+2], pairs[i+j], fours[i+2*j+1])
		}
	}
	for i := range 4 {
		out[i], out[i+4] = YMM(), YMM()
		VPERM2F128(Imm(0x20), fours[i+4], fours[i], out[i])
		VPERM2F128(Imm(0x31), fours[i+4], fours[i], out[i+4])
	}
	return out
}
