package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unroll is how many words of k a turn of the loop takes.
const unroll = 2

// A tile is the registers of the function under way. Sums are the first of the vectors, two of each row.
type tile struct {
	dot
	c, ldc, lda, b, k reg.GPVirtual
	a                 []reg.GPVirtual // every third row
	add               reg.GPVirtual
}

func (d dot) tile() {
	TEXT("tile"+d.name, NOSPLIT, "func(c, a struct{At *float32; Ld int}, b *float32, rows, k int, add bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("tile%s is Product.Tile for %d×%d. A word is %s.", d.name, d.rows, 2*d.lanes(), d.holds))
	t := tile{dot: d}
	t.c, t.b = Load(Param("c").Field("At"), GP64()).(reg.GPVirtual), Load(Param("b"), GP64()).(reg.GPVirtual)
	t.ldc, t.lda = Load(Param("c").Field("Ld"), GP64()).(reg.GPVirtual), Load(Param("a").Field("Ld"), GP64()).(reg.GPVirtual)
	t.k = Load(Param("k"), GP64()).(reg.GPVirtual)
	rows := Load(Param("rows"), GP64())
	t.add = Load(Param("add"), GP8()).(reg.GPVirtual)
	SHLQ(Imm(2), t.ldc)
	SHLQ(Imm(2), t.lda)
	first := Load(Param("a").Field("At"), GP64()).(reg.GPVirtual)
	t.a = []reg.GPVirtual{first}
	for r := 3; r < d.rows; r += 3 {
		next := GP64()
		LEAQ(Mem{Base: t.a[len(t.a)-1], Index: t.lda, Scale: 2}, next)
		ADDQ(t.lda, next)
		t.a = append(t.a, next)
	}
	for n := d.rows; n > 1; n-- {
		CMPQ(rows, Imm(uint64(n)))
		JEQ(LabelRef(fmt.Sprintf("rows%d", n)))
	}
	for n := 1; n <= d.rows; n++ {
		t.rowsBlock(n)
	}
}

// rowsBlock is the whole product for n rows.
func (t *tile) rowsBlock(n int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, n) }
	if n > 1 {
		Label(label("rows"))
	}
	t.eachRow(n, func(_ int, c reg.GPVirtual) {
		for line := 0; line < 8*t.lanes(); line += 64 {
			PREFETCHT0(Mem{Base: c, Disp: line})
		}
	})
	for sum := range 2 * n {
		t.zero(sum)
	}
	SUBQ(Imm(unroll), t.k)
	JLT(LabelRef(label("rest")))
	Label(label("loop"))
	t.steps(n, unroll)
	SUBQ(Imm(unroll), t.k)
	JGE(LabelRef(label("loop")))
	Label(label("rest"))
	ADDQ(Imm(unroll), t.k)
	JEQ(LabelRef(label("end")))
	Label(label("one"))
	t.steps(n, 1)
	SUBQ(Imm(1), t.k)
	JNE(LabelRef(label("one")))
	Label(label("end"))
	TESTB(t.add, t.add)
	JE(LabelRef(label("store")))
	// What c holds comes last: sums of sums are more exact than one long sum.
	t.eachRow(n, func(r int, c reg.GPVirtual) {
		t.dot.add(Mem{Base: c}, 2*r)
		t.dot.add(Mem{Base: c, Disp: 4 * t.lanes()}, 2*r+1)
	})
	Label(label("store"))
	t.eachRow(n, func(r int, c reg.GPVirtual) {
		VMOVUPS(t.vector(2*r), Mem{Base: c})
		VMOVUPS(t.vector(2*r+1), Mem{Base: c, Disp: 4 * t.lanes()})
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

// steps adds the products of so many words of k to the sums of n rows.
func (t *tile) steps(n, words int) {
	left, right, a := 2*t.rows, 2*t.rows+1, 2*t.rows+2
	width := 8 * t.lanes() // bytes of a row of b
	for i := range words {
		VMOVUPS(Mem{Base: t.b, Disp: width * i}, t.vector(left))
		VMOVUPS(Mem{Base: t.b, Disp: width*i + width/2}, t.vector(right))
		for r := range n {
			at := Mem{Base: t.a[r/3], Disp: 4 * i}
			if r%3 > 0 {
				at.Index, at.Scale = t.lda, uint8(r%3)
			}
			VBROADCASTSS(at, t.vector(a))
			t.product(t.dot, left, a, 2*r)
			t.product(t.dot, right, a, 2*r+1)
		}
	}
	ADDQ(I32(width*words), t.b)
	for i := 0; 3*i < n; i++ {
		ADDQ(I32(4*words), t.a[i])
	}
}

// peakChains is how many sums the loop of the peak has, none of which waits for another.
const peakChains = 12

// peak runs as many independent products as the processor can.
func (d dot) peak() {
	TEXT("peak"+d.name, NOSPLIT, "func(n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("peak%s does n times %d products of %d words, as fast as they can be done.", d.name, peakChains, d.lanes()))
	n := Load(Param("n"), GP64())
	for i := range peakChains + 2 {
		d.zero(i)
	}
	Label("loop")
	for sum := range peakChains {
		d.product(d, peakChains, peakChains+1, sum)
	}
	SUBQ(Imm(1), n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
