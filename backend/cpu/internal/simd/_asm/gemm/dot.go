package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A dot is a way to multiply vectors of words and to add the products to sums. A word has 32 bits: one float32, two numbers of
// 16 bits or four of 8 bits, whose products are added up.
type dot struct {
	name    string
	bits    int // of a vector
	rows    int // of the tile that the registers hold, beside 2 vectors of columns
	group   int // numbers in a word
	integer bool
	product func(d dot, b, a, sum int) // adds the products of vectors b and a to sum, all of them numbers of registers
	holds   string                     // what words of a and b hold
}

var dots = []dot{
	{name: "AVX2", bits: 256, rows: 6, group: 1, product: fma, holds: "a float32"},
	{name: "AVX512", bits: 512, rows: 14, group: 1, product: fma, holds: "a float32"},
	{name: "BF16", bits: 512, rows: 14, group: 2, product: dotBF16, holds: "two bfloat16s"},
	{name: "MADD256", bits: 256, rows: 6, group: 2, integer: true, product: madd, holds: "two int16s"},
	{name: "MADD512", bits: 512, rows: 14, group: 2, integer: true, product: madd, holds: "two int16s"},
	{name: "VNNI256", bits: 256, rows: 6, group: 4, integer: true, product: dotI8, holds: "four bytes, unsigned in a and signed in b"},
	{name: "VNNI512", bits: 512, rows: 14, group: 4, integer: true, product: dotI8, holds: "four bytes, unsigned in a and signed in b"},
}

// lanes is how many words a vector has.
func (d dot) lanes() int { return d.bits / 32 }

// vector is a register by its number. Numbers are fixed, because instructions that the assembler lacks have to be encoded.
func (d dot) vector(n int) reg.VecPhysical {
	if d.bits == 512 {
		return zmm[n]
	}
	return ymm[n]
}

var (
	ymm = [...]reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
	zmm = [...]reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}
)

// spare is the register that product may overwrite.
func (d dot) spare() int {
	if d.bits == 512 {
		return 31
	}
	return 15
}

func (d dot) zero(n int) {
	v := d.vector(n)
	if d.bits == 512 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// add adds what memory holds to a sum.
func (d dot) add(m operand.Mem, sum int) {
	v := d.vector(sum)
	if d.integer {
		VPADDD(m, v, v)
	} else {
		VADDPS(m, v, v)
	}
}

func fma(d dot, b, a, sum int) { VFMADD231PS(d.vector(b), d.vector(a), d.vector(sum)) }

func madd(d dot, b, a, sum int) {
	products := d.vector(d.spare())
	VPMADDWD(d.vector(b), d.vector(a), products)
	VPADDD(products, d.vector(sum), d.vector(sum))
}

func dotBF16(_ dot, b, a, sum int) { encoded(vdpbf16ps(sum, a, b)) }

func dotI8(d dot, b, a, sum int) {
	if d.bits == 512 {
		VPDPBUSD(d.vector(b), d.vector(a), d.vector(sum))
	} else {
		encoded(vpdpbusd(sum, a, b))
	}
}
