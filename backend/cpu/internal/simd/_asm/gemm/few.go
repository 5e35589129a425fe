package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sumLanes is in how many lanes products of few rows are summed, whatever the length of a vector.
const sumLanes = 16

// A few is a product of up to four rows of x with rows of weights as they are stored, some of these at a time. Vectors of
// fixed numbers hold the numbers of one row of weights, of all rows of x, and then the sums.
type few struct {
	dot
	format
	atOnce int   // rows of weights
	counts []int // of rows of x, with a loop for each

	m                           int // rows of x of the loop under way
	c, x, ldx, ldx3, w, ld, ld3 reg.GPVirtual
	n, numbers, x16, w16, ahead reg.GPVirtual // x16 and w16 walk along k; ahead is the same place of the rows that follow
}

var fews = []few{
	{dot: dot{name: "AVX2", bits: 256}, atOnce: 2, counts: []int{1, 2}},
	{dot: dot{name: "AVX512", bits: 512}, atOnce: 4, counts: []int{1, 2, 4}},
}

func (f few) generate(format format) {
	f.format = format
	name := "few" + format.name + f.dot.name
	TEXT(name, NOSPLIT, "func(c, x struct{At *float32; Ld int}, w *byte, ld, rows, n, k int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is Product.Few for weights ld bytes apart, where rows is one of %v.", name, f.counts))
	f.c, f.x = Load(Param("c").Field("At"), GP64()).(reg.GPVirtual), Load(Param("x").Field("At"), GP64()).(reg.GPVirtual)
	f.w, f.n = Load(Param("w"), GP64()).(reg.GPVirtual), Load(Param("n"), GP64()).(reg.GPVirtual)
	f.ldx, f.ld = Load(Param("x").Field("Ld"), GP64()).(reg.GPVirtual), Load(Param("ld"), GP64()).(reg.GPVirtual)
	f.ldx3, f.ld3 = GP64(), GP64()
	SHLQ(Imm(2), f.ldx)
	LEAQ(Mem{Base: f.ldx, Index: f.ldx, Scale: 2}, f.ldx3)
	LEAQ(Mem{Base: f.ld, Index: f.ld, Scale: 2}, f.ld3)
	f.numbers, f.x16, f.w16, f.ahead = GP64(), GP64(), GP64(), GP64()
	rows := Load(Param("rows"), GP64())
	for _, m := range f.counts[1:] {
		CMPQ(rows, Imm(uint64(m)))
		JEQ(LabelRef(fmt.Sprintf("rows%d", m)))
	}
	for _, f.m = range f.counts {
		f.rows()
	}
}

// rows is the whole product for m rows of x.
func (f *few) rows() {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, f.m) }
	Label(label("rows"))
	CMPQ(f.n, Imm(uint64(f.atOnce)))
	JLT(LabelRef(label("rest")))
	f.block(f.atOnce)
	JMP(LabelRef(label("rows")))
	Label(label("rest"))
	TESTQ(f.n, f.n)
	JE(LabelRef(label("end")))
	f.block(1)
	JMP(LabelRef(label("rest")))
	Label(label("end"))
	VZEROUPPER()
	RET()
}

// block multiplies n rows of weights and goes on to the next.
func (f *few) block(n int) {
	label := func(name string) string { return fmt.Sprintf("%s%dx%d", name, f.m, n) }
	MOVQ(f.x, f.x16)
	MOVQ(f.w, f.w16)
	for range n {
		ADDQ(f.ld, f.w)
	}
	MOVQ(f.w, f.ahead)
	for sum := range n * f.m * f.parts() {
		f.zero(f.sum(0, 0) + sum)
	}
	Load(Param("k"), f.numbers)
	SUBQ(Imm(sumLanes), f.numbers)
	JLT(LabelRef(label("sums")))
	Label(label("loop"))
	f.step(n)
	SUBQ(Imm(sumLanes), f.numbers)
	JGE(LabelRef(label("loop")))
	Label(label("sums"))
	f.eachSum(n, f.addLanes)
	ADDQ(Imm(sumLanes), f.numbers)
	JE(LabelRef(label("store")))
	Label(label("one"))
	f.one(n)
	SUBQ(Imm(1), f.numbers)
	JNE(LabelRef(label("one")))
	Label(label("store"))
	f.store(n)
	SUBQ(Imm(uint64(n)), f.n)
}

// parts is how many vectors hold all lanes.
func (f *few) parts() int { return sumLanes / f.lanes() }

// number returns the first vector of a row of x, and sum that of the sums of rows i of x and j of weights.
func (f *few) number(i int) int { return f.parts() * (1 + i) }
func (f *few) sum(i, j int) int { return f.parts() * (1 + f.m + j*f.m + i) }

func (f *few) eachSum(n int, do func(i, j int)) {
	for j := range n {
		for i := range f.m {
			do(i, j)
		}
	}
}

// row returns where row i of those that begin at base and lie ld apart has what lies disp bytes on; ld3 is three times ld.
func row(base, ld, ld3 reg.GPVirtual, i, disp int) Mem {
	at := Mem{Base: base, Disp: disp}
	switch i {
	case 1, 2:
		at.Index, at.Scale = ld, uint8(i)
	case 3:
		at.Index, at.Scale = ld3, 1
	}
	return at
}

// step adds the products of a number in each lane.
func (f *few) step(n int) {
	for i := range f.m {
		for part := range f.parts() {
			VMOVUPS(row(f.x16, f.ldx, f.ldx3, i, part*f.bits/8), f.vector(f.number(i)+part))
		}
	}
	for j := range n {
		PREFETCHT0(row(f.ahead, f.ld, f.ld3, j, 0))
		for part := range f.parts() {
			f.widen(row(f.w16, f.ld, f.ld3, j, part*f.lanes()*f.size), f.vector(part))
			for i := range f.m {
				VFMADD231PS(f.vector(f.number(i)+part), f.vector(part), f.vector(f.sum(i, j)+part))
			}
		}
	}
	ADDQ(Imm(4*sumLanes), f.x16)
	ADDQ(Imm(uint64(f.size*sumLanes)), f.w16)
	ADDQ(Imm(uint64(f.size*sumLanes)), f.ahead)
}

// addLanes adds up the lanes of a sum: the halves, the halves of that, and neighbours twice.
func (f *few) addLanes(i, j int) {
	sum := f.sum(i, j)
	if f.bits == 512 {
		VEXTRACTF64X4(Imm(1), zmm[sum], reg.Y1)
		VADDPS(f.vector(sum).AsY(), reg.Y1, reg.Y1)
	} else {
		VADDPS(ymm[sum], ymm[sum+1], reg.Y1)
	}
	VEXTRACTF128(Imm(1), reg.Y1, reg.X0)
	VADDPS(reg.X0, reg.X1, reg.X1)
	VHADDPS(reg.X1, reg.X1, reg.X1)
	VMOVSHDUP(reg.X1, reg.X0)
	VADDPS(reg.X0, reg.X1, f.scalar(sum))
}

// one adds the products of one more number to the first lane of sums.
func (f *few) one(n int) {
	for j := range n {
		f.widenOne(row(f.w16, f.ld, f.ld3, j, 0), reg.X0)
		for i := range f.m {
			VFMADD231SS(row(f.x16, f.ldx, f.ldx3, i, 0), reg.X0, f.scalar(f.sum(i, j)))
		}
	}
	ADDQ(Imm(4), f.x16)
	ADDQ(Imm(uint64(f.size)), f.w16)
}

// store stores the first lane of sums, for n rows of weights side by side.
func (f *few) store(n int) {
	at, ldc := f.ahead, f.x16
	MOVQ(f.c, at)
	Load(Param("c").Field("Ld"), ldc)
	for i := range f.m {
		for j := range n {
			VMOVSS(f.scalar(f.sum(i, j)), Mem{Base: at, Disp: 4 * j})
		}
		if i < f.m-1 {
			LEAQ(Mem{Base: at, Index: ldc, Scale: 4}, at)
		}
	}
	ADDQ(Imm(uint64(4*n)), f.c)
}

// scalar is the first lanes of a vector.
func (f *few) scalar(n int) reg.Register { return f.vector(n).AsX() }

// widenOne loads one weight as float32.
func (f format) widenOne(from, to Op) {
	code := GP32()
	switch f.name {
	case "F32":
		VMOVSS(from, to)
	case "F16":
		MOVWLZX(from, code)
		VMOVD(code, to)
		VCVTPH2PS(to, to)
	case "BF16":
		MOVWLZX(from, code)
		SHLL(Imm(16), code)
		VMOVD(code, to)
	case "I8":
		MOVBLSX(from, code)
		VMOVD(code, to)
		VCVTDQ2PS(to, to)
	}
}
