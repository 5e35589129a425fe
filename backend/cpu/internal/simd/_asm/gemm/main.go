// Gemm generates the register tiles of the matrix product, the transposition that packs weights, and the loop that
// measures the peak.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!noasm")
	avx2, avx512 := isa{name: "AVX2", lanes: 8, rows: 6}, isa{name: "AVX512", lanes: 16, rows: 14}
	for _, s := range []isa{avx2, avx512} {
		s.tile()
		s.peak()
	}
	for _, format := range []string{"F32", "F16", "BF16", "I8"} {
		transpose(format)
	}
	Generate()
}

// An isa is a set of vector instructions, with the tile that its registers hold: rows × 2 vectors.
type isa struct {
	name        string
	lanes, rows int
}

func (s isa) vector() reg.VecVirtual {
	if s.lanes == 16 {
		return ZMM()
	}
	return YMM()
}

func (s isa) zero(v reg.VecVirtual) {
	if s.lanes == 16 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// unroll is how many steps of k a turn of the loop takes.
const unroll = 2

// A tile is the registers of the function under way.
type tile struct {
	isa
	c, ldc, lda, b, k reg.GPVirtual
	a                 []reg.GPVirtual // every third row
	add               reg.GPVirtual
}

func (s isa) tile() {
	TEXT("tile"+s.name, NOSPLIT, "func(c, a struct{At *float32; Ld int}, b *float32, rows, k int, add bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("tile%s is Kernels.Tile for %d×%d: c[r*ldc+j] = (add ? c[r*ldc+j] : 0) + Σ_{i<k} a[r*lda+i] * b[i*%d+j].",
		s.name, s.rows, 2*s.lanes, 2*s.lanes))
	t := tile{isa: s}
	t.c, t.b = Load(Param("c").Field("At"), GP64()).(reg.GPVirtual), Load(Param("b"), GP64()).(reg.GPVirtual)
	t.ldc, t.lda = Load(Param("c").Field("Ld"), GP64()).(reg.GPVirtual), Load(Param("a").Field("Ld"), GP64()).(reg.GPVirtual)
	t.k = Load(Param("k"), GP64()).(reg.GPVirtual)
	rows := Load(Param("rows"), GP64())
	t.add = Load(Param("add"), GP8()).(reg.GPVirtual)
	SHLQ(Imm(2), t.ldc)
	SHLQ(Imm(2), t.lda)
	first := Load(Param("a").Field("At"), GP64()).(reg.GPVirtual)
	t.a = []reg.GPVirtual{first}
	for r := 3; r < s.rows; r += 3 {
		next := GP64()
		LEAQ(Mem{Base: t.a[len(t.a)-1], Index: t.lda, Scale: 2}, next)
		ADDQ(t.lda, next)
		t.a = append(t.a, next)
	}
	for n := s.rows; n > 1; n-- {
		CMPQ(rows, Imm(uint64(n)))
		JEQ(LabelRef(fmt.Sprintf("rows%d", n)))
	}
	for n := 1; n <= s.rows; n++ {
		t.rowsBlock(n)
	}
}

// rowsBlock is the whole product for n rows.
func (t *tile) rowsBlock(n int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, n) }
	if n > 1 {
		Label(label("rows"))
	}
	sums := make([][2]reg.VecVirtual, n)
	for r := range sums {
		sums[r] = [2]reg.VecVirtual{t.vector(), t.vector()}
	}
	for _, row := range sums {
		t.zero(row[0])
		t.zero(row[1])
	}
	SUBQ(Imm(unroll), t.k)
	JLT(LabelRef(label("rest")))
	Label(label("loop"))
	t.steps(sums, unroll)
	SUBQ(Imm(unroll), t.k)
	JGE(LabelRef(label("loop")))
	Label(label("rest"))
	ADDQ(Imm(unroll), t.k)
	JEQ(LabelRef(label("end")))
	Label(label("one"))
	t.steps(sums, 1)
	SUBQ(Imm(1), t.k)
	JNE(LabelRef(label("one")))
	Label(label("end"))
	TESTB(t.add, t.add)
	JE(LabelRef(label("store")))
	// What c holds comes last: sums of sums are more exact than one long sum.
	t.eachRow(n, func(r int, c reg.GPVirtual) {
		VADDPS(Mem{Base: c}, sums[r][0], sums[r][0])
		VADDPS(Mem{Base: c, Disp: 4 * t.lanes}, sums[r][1], sums[r][1])
	})
	Label(label("store"))
	t.eachRow(n, func(r int, c reg.GPVirtual) {
		VMOVUPS(sums[r][0], Mem{Base: c})
		VMOVUPS(sums[r][1], Mem{Base: c, Disp: 4 * t.lanes})
	})
	VZEROUPPER()
	RET()
}

// eachRow calls f with the address of each row of c.
func (t *tile) eachRow(n int, f func(r int, c reg.GPVirtual)) {
	c := GP64()
	MOVQ(t.c, c)
	for r := range n {
		f(r, c)
		if r < n-1 {
			ADDQ(t.ldc, c)
		}
	}
}

// steps adds n steps of k to the sums.
func (t *tile) steps(sums [][2]reg.VecVirtual, n int) {
	left, right, a := t.vector(), t.vector(), t.vector()
	for i := range n {
		VMOVUPS(Mem{Base: t.b, Disp: 8 * t.lanes * i}, left)
		VMOVUPS(Mem{Base: t.b, Disp: 8*t.lanes*i + 4*t.lanes}, right)
		for r, row := range sums {
			at := Mem{Base: t.a[r/3], Disp: 4 * i}
			if r%3 > 0 {
				at.Index, at.Scale = t.lda, uint8(r%3)
			}
			VBROADCASTSS(at, a)
			VFMADD231PS(left, a, row[0])
			VFMADD231PS(right, a, row[1])
		}
	}
	ADDQ(I32(8*t.lanes*n), t.b)
	for i := 0; 3*i < len(sums); i++ {
		ADDQ(I32(4*n), t.a[i])
	}
}

// peak runs as many independent multiply-adds as the registers allow.
func (s isa) peak() {
	TEXT("peak"+s.name, NOSPLIT, "func(n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("peak%s does n times %d multiply-adds of %d numbers, as fast as they can be done.", s.name, peakChains, s.lanes))
	n := Load(Param("n"), GP64())
	sums := make([]reg.VecVirtual, peakChains)
	for i := range sums {
		sums[i] = s.vector()
		s.zero(sums[i])
	}
	x := s.vector()
	s.zero(x)
	Label("loop")
	for _, sum := range sums {
		VFMADD231PS(x, x, sum)
	}
	SUBQ(Imm(1), n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

const peakChains = 12

// transpose turns 8 rows of 8·blocks weights into float32 columns: dst[i*stride+j] = src[j*ld+i]. It prefetches the same
// rows of the next panel, stride rows further on: weights come from main memory, and the tiles that follow leave time.
func transpose(format string) {
	element, shift := "*uint16", uint64(1) // an element is 1<<shift bytes
	switch format {
	case "F32":
		element, shift = "*float32", 2
	case "I8":
		element, shift = "*int8", 0
	}
	TEXT("transpose"+format, NOSPLIT, fmt.Sprintf("func(dst *float32, stride int, src %s, ld, blocks int)", element))
	Pragma("noescape")
	Doc(fmt.Sprintf("transpose%s turns 8 rows of 8*blocks weights into columns: dst[i*stride+j] = src[j*ld+i].", format))
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride, ld := Load(Param("stride"), GP64()), Load(Param("ld"), GP64())
	blocks := Load(Param("blocks"), GP64())
	SHLQ(Imm(2), stride)
	if shift > 0 {
		SHLQ(Imm(shift), ld)
	}
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
		widen(format, at, x[r])
	}
	for r, column := range transposed(x) {
		VMOVUPS(column, Mem{Base: dst})
		if r < 8 {
			ADDQ(stride, dst)
		}
	}
	for _, p := range []Op{src, src4, ahead, ahead4} {
		ADDQ(I32(8<<shift), p)
	}
	SUBQ(Imm(1), blocks)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// widen loads eight weights as float32.
func widen(format string, from Mem, to reg.VecVirtual) {
	switch format {
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
