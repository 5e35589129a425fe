package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An isa is a set of vector instructions.
type isa struct {
	name  string
	lanes int
}

func (s isa) vector() reg.VecVirtual {
	if s.lanes == 16 {
		return ZMM()
	}
	return YMM()
}

// load returns a new vector with the value at m.
func (s isa) load(m Mem) reg.VecVirtual {
	v := s.vector()
	VMOVUPS(m, v)
	return v
}

// zero returns a new vector of zeros.
func (s isa) zero() reg.VecVirtual {
	v := s.vector()
	if s.lanes == 16 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
	return v
}

// broadcast returns a new vector of the float32 argument.
func (s isa) broadcast(param string) reg.VecVirtual {
	x := Load(Param(param), XMM())
	v := s.vector()
	VBROADCASTSS(x, v)
	return v
}

// constants are the vectors of one number, 16 times, that the code refers to.
var constants = map[uint32]Mem{}

func constant(bits uint32) Mem {
	if m, ok := constants[bits]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("vector_%08x", bits), RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(bits))
	}
	constants[bits] = m
	return m
}

func float(f float64) Mem     { return constant(math.Float32bits(float32(f))) }
func integer(bits uint32) Mem { return constant(bits) }

// A part is a vector of elements under way: a full one, or the last one of which a mask selects a part.
type part struct {
	isa
	mask reg.Register // none for a full one
	at   int          // how many bytes behind the pointers it is
}

// from returns the elements at p; those that the mask leaves out are 0.
func (p part) from(at reg.GPVirtual) reg.VecVirtual {
	v := p.vector()
	switch {
	case p.mask == nil:
		VMOVUPS(Mem{Base: at, Disp: p.at}, v)
	case p.lanes == 16:
		VMOVUPS_Z(Mem{Base: at}, p.mask, v)
	default:
		VMASKMOVPS(Mem{Base: at}, p.mask, v)
	}
	return v
}

// to stores the elements at p, except those that the mask leaves out.
func (p part) to(at reg.GPVirtual, v reg.VecVirtual) {
	switch {
	case p.mask == nil:
		VMOVUPS(v, Mem{Base: at, Disp: p.at})
	case p.lanes == 16:
		VMOVUPS(v, p.mask, Mem{Base: at})
	default:
		VMASKMOVPS(v, p.mask, Mem{Base: at})
	}
}

// only makes the elements 0 that the mask leaves out.
func (p part) only(v reg.VecVirtual) {
	switch {
	case p.mask == nil:
	case p.lanes == 16:
		VMOVAPS_Z(v, p.mask, v)
	default:
		VANDPS(p.mask, v, v)
	}
}

// each emits body for every vector of n elements, and for the rest. It moves the pointers along.
func (s isa) each(n reg.GPVirtual, pointers []reg.GPVirtual, body func(p part)) {
	s.together(1, n, pointers, func(parts []part) { body(parts[0]) })
}

// together emits body for groups of so many vectors of n elements, for every vector of those that are left, and for the rest.
func (s isa) together(vectors int, n reg.GPVirtual, pointers []reg.GPVirtual, body func(parts []part)) {
	loop := func(name, after string, vectors int) {
		size := vectors * s.lanes
		SUBQ(Imm(uint64(size)), n)
		JLT(LabelRef(after))
		Label(name)
		parts := make([]part, vectors)
		for i := range parts {
			parts[i] = part{isa: s, at: 4 * s.lanes * i}
		}
		body(parts)
		for _, p := range pointers {
			ADDQ(I32(int32(4*size)), p)
		}
		SUBQ(Imm(uint64(size)), n)
		JGE(LabelRef(name))
		Label(after)
		ADDQ(Imm(uint64(size)), n)
	}
	if vectors > 1 {
		loop("groups", "ungrouped", vectors)
	}
	loop("loop", "rest", 1)
	JEQ(LabelRef("done"))
	body([]part{{isa: s, mask: s.first(n)}})
	Label("done")
}

// first returns a mask of the first n < lanes elements.
func (s isa) first(n reg.GPVirtual) reg.Register {
	if s.lanes == 16 {
		bits, k := GP32(), K()
		MOVL(U32(0xffff), bits)
		BZHIL(n.As32(), bits, bits)
		KMOVW(bits, k)
		return k
	}
	mask, table := YMM(), GP64()
	LEAQ(maskTable(), table)
	NEGQ(n)
	VMOVUPS(Mem{Base: table, Index: n, Scale: 4, Disp: 4 * 8}, mask)
	return mask
}

var masks Mem

// maskTable is eight ones and eight zeros: a window of it selects the first elements.
func maskTable() Mem {
	if masks.Symbol.Name == "" {
		masks = GLOBL("firstElements", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(map[bool]uint32{true: 0xffffffff}[i < 8]))
		}
	}
	return masks
}
