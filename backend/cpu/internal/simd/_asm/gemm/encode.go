package main

import (
	"encoding/binary"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
)

// vdpbf16ps encodes VDPBF16PS of 512-bit registers, in Intel's order of operands: EVEX.512.F3.0F38.W0 52 /r.
func vdpbf16ps(sum, a, b int) []byte { return evex(prefixF3, 0x52, sum, a, b) }

// vcvtne2ps2bf16 encodes VCVTNE2PS2BF16 of 512-bit registers, in Intel's order of operands: EVEX.512.F2.0F38.W0 72 /r.
func vcvtne2ps2bf16(to, high, low int) []byte { return evex(prefixF2, 0x72, to, high, low) }

// vcvtneps2bf16 encodes VCVTNEPS2BF16 from a 512-bit to a 256-bit register: EVEX.512.F3.0F38.W0 72 /r.
func vcvtneps2bf16(to, from int) []byte { return evex(prefixF3, 0x72, to, 0, from) }

// evex encodes an instruction of map 0F38 with operands of 512 bits, of which a is number 0 if there is none.
func evex(prefix, opcode byte, to, a, b int) []byte {
	return []byte{
		0x62,
		inverted(to, 3)<<7 | inverted(b, 4)<<6 | inverted(b, 3)<<5 | inverted(to, 4)<<4 | map0F38,
		(^byte(a)&0xf)<<3 | 1<<2 | prefix,
		2<<5 | inverted(a, 4)<<3, // 2: 512 bits
		opcode,
		registers(to, b),
	}
}

// vpdpbusd encodes VPDPBUSD of 256-bit registers as AVX-VNNI has it, in Intel's order of operands: VEX.256.66.0F38.W0 50 /r.
func vpdpbusd(sum, a, b int) []byte {
	return []byte{
		0xc4,
		inverted(sum, 3)<<7 | 1<<6 | inverted(b, 3)<<5 | map0F38,
		(^byte(a)&0xf)<<3 | 1<<2 | prefix66, // 1<<2: 256 bits
		0x50,
		registers(sum, b),
	}
}

const (
	map0F38  = 2
	prefix66 = 1
	prefixF3 = 2
	prefixF2 = 3
)

// inverted returns a bit of a register's number, inverted, as prefixes have it.
func inverted(register, bit int) byte { return byte(register>>bit&1 ^ 1) }

// registers is the ModRM byte of two registers.
func registers(reg, rm int) byte { return 3<<6 | byte(reg&7)<<3 | byte(rm&7) }

// encoded emits an instruction as data: four bytes, and what is left.
func encoded(code []byte) {
	emit := func(opcode string, value operand.Op) {
		Instruction(&ir.Instruction{Opcode: opcode, Operands: []operand.Op{value}})
	}
	emit("LONG", operand.U32(binary.LittleEndian.Uint32(code)))
	if rest := code[4:]; len(rest) == 2 {
		emit("WORD", operand.U16(binary.LittleEndian.Uint16(rest)))
	} else {
		emit("BYTE", operand.U8(rest[0]))
	}
}
