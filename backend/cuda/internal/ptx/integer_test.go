package ptx

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// integerOperands returns operands of all sizes and signs.
func integerOperands() (operands [][3]uint64) {
	r := rand.New(rand.NewPCG(1, 2))
	special := []uint64{0, 1, 31, 32, 63, 64, 255, 1 << 15, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 63, 1<<63 - 1, math.MaxUint64}
	pick := func() uint64 {
		if r.IntN(3) == 0 {
			return special[r.IntN(len(special))]
		}
		return r.Uint64() >> r.IntN(64)
	}
	for range 1024 {
		operands = append(operands, [3]uint64{pick(), pick(), pick()})
	}
	return operands
}

func TestIntegers(t *testing.T) {
	s32 := func(v uint64) int64 { return int64(int32(v)) }
	u32 := func(v uint64) uint64 { return uint64(uint32(v)) }
	for _, o := range []operation{
		{"add.s32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return a + b }},
		{"sub.s64 %d9, %d1, %d2;", "u64", func(a, b, c uint64) uint64 { return a - b }},
		{"add.s16 %h9, %h1, %h2;", "u16", func(a, b, c uint64) uint64 { return a + b }},
		{"mul.lo.s32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return a * b }},
		{"mul.lo.s16 %h9, %h1, %h2;", "u16", func(a, b, c uint64) uint64 { return a * b }},
		{"mul.lo.s64 %d9, %d1, %d2;", "u64", func(a, b, c uint64) uint64 { return a * b }},
		{"mul.hi.s32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return uint64(s32(a) * s32(b) >> 32) }},
		{"mul.hi.u32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return u32(a) * u32(b) >> 32 }},
		{"mul.hi.u64 %d9, %d1, %d2;", "u64", func(a, b, c uint64) uint64 { h, _ := bits.Mul64(a, b); return h }},
		{"mul.wide.s32 %d9, %r1, %r2;", "u64", func(a, b, c uint64) uint64 { return uint64(s32(a) * s32(b)) }},
		{"mul.wide.u32 %d9, %r1, %r2;", "u64", func(a, b, c uint64) uint64 { return u32(a) * u32(b) }},
		{"mul.wide.s16 %r9, %h1, %h2;", "u32", func(a, b, c uint64) uint64 { return uint64(int64(int16(a)) * int64(int16(b))) }},
		{"mul.wide.u16 %r9, %h1, %h2;", "u32", func(a, b, c uint64) uint64 { return uint64(uint16(a)) * uint64(uint16(b)) }},
		{"mad.lo.s32 %r9, %r1, %r2, %r3;", "u32", func(a, b, c uint64) uint64 { return a*b + c }},
		{"mad.lo.s64 %d9, %d1, %d2, %d3;", "u64", func(a, b, c uint64) uint64 { return a*b + c }},
		{"mad.wide.s32 %d9, %r1, %r2, %d3;", "u64", func(a, b, c uint64) uint64 { return uint64(s32(a)*s32(b)) + c }},
		{"mad.wide.u32 %d9, %r1, %r2, %d3;", "u64", func(a, b, c uint64) uint64 { return u32(a)*u32(b) + c }},
		{"min.s32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return uint64(min(s32(a), s32(b))) }},
		{"max.u32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return max(u32(a), u32(b)) }},
		{"max.s64 %d9, %d1, %d2;", "u64", func(a, b, c uint64) uint64 { return uint64(max(int64(a), int64(b))) }},
		{"min.s16 %h9, %h1, %h2;", "u16", func(a, b, c uint64) uint64 { return uint64(min(int16(a), int16(b))) }},
		{"abs.s32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return uint64(max(s32(a), -s32(a))) }},
		{"neg.s32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return -a }},
		{"and.b32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return a & b }},
		{"or.b64 %d9, %d1, %d2;", "u64", func(a, b, c uint64) uint64 { return a | b }},
		{"xor.b16 %h9, %h1, %h2;", "u16", func(a, b, c uint64) uint64 { return a ^ b }},
		{"not.b32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return ^a }},
		{"not.b16 %h9, %h1;", "u16", func(a, b, c uint64) uint64 { return ^a }},
		{"div.s32 %r9, %r1, 7;", "u32", func(a, b, c uint64) uint64 { return uint64(s32(a) / 7) }},
		{"rem.s32 %r9, %r1, -7;", "u32", func(a, b, c uint64) uint64 { return uint64(s32(a) % 7) }},
		{"div.u64 %d9, %d1, 1000003;", "u64", func(a, b, c uint64) uint64 { return a / 1000003 }},
		{"rem.u32 %r9, %r1, 10;", "u32", func(a, b, c uint64) uint64 { return u32(a) % 10 }},
		{"popc.b32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return uint64(bits.OnesCount32(uint32(a))) }},
		{"clz.b32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return uint64(bits.LeadingZeros32(uint32(a))) }},
		{"clz.b64 %r9, %d1;", "u32", func(a, b, c uint64) uint64 { return uint64(bits.LeadingZeros64(a)) }},
		{"brev.b32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return uint64(bits.Reverse32(uint32(a))) }},
		{"bfind.u32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return uint64(bits.Len32(uint32(a)) - 1) }},
		{"setp.lt.s32 %q1, %r2, %r3; selp.b32 %r9, %r1, %r2, %q1;", "u32", func(a, b, c uint64) uint64 {
			if s32(b) < s32(c) {
				return a
			}
			return b
		}},
		{"slct.u32.s32 %r9, %r1, %r2, %r3;", "u32", func(a, b, c uint64) uint64 {
			if s32(c) >= 0 {
				return a
			}
			return b
		}},
		{"mov.b64 %d9, {%r1, %r2};", "u64", func(a, b, c uint64) uint64 { return u32(a) | b<<32 }},
		{"mov.b64 {%r8, %r9}, %d1;", "u32", func(a, b, c uint64) uint64 { return a >> 32 }},
		{"mov.b32 %r9, {%h1, %h2};", "u32", func(a, b, c uint64) uint64 { return a&0xffff | b&0xffff<<16 }},
		{"mov.b32 {_, %h9}, %r1;", "u16", func(a, b, c uint64) uint64 { return a >> 16 }},
		{"cvt.s64.s32 %d9, %r1;", "u64", func(a, b, c uint64) uint64 { return uint64(s32(a)) }},
		{"cvt.u32.u64 %r9, %d1;", "u32", func(a, b, c uint64) uint64 { return a }},
		{"cvt.u64.u16 %d9, %h1;", "u64", func(a, b, c uint64) uint64 { return a & 0xffff }},
		{"cvt.s32.s8 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return uint64(int8(a)) }},
		{"cvt.s16.s8 %h9, %h1;", "u16", func(a, b, c uint64) uint64 { return uint64(int8(a)) }},
		{"cvt.u16.u32 %h9, %r1;", "u16", func(a, b, c uint64) uint64 { return a }},
		{"cvt.sat.u8.s32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return uint64(min(max(s32(a), 0), 255)) }},
		{"cvt.sat.s8.s32 %r9, %r1;", "u32", func(a, b, c uint64) uint64 { return uint64(min(max(s32(a), -128), 127)) }},
		{"dp4a.s32.s32 %r9, %r1, %r2, %r3;", "u32", func(a, b, c uint64) uint64 {
			for i := range 4 {
				c += uint64(int64(int8(a>>(8*i))) * int64(int8(b>>(8*i))))
			}
			return c
		}},
	} {
		o.check(t, integerOperands())
	}
}

func TestBits(t *testing.T) {
	for _, o := range []operation{
		{"shl.b32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return shifted(a, b, 32, true, false) }},
		{"shr.u32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return shifted(a, b, 32, false, false) }},
		{"shr.s32 %r9, %r1, %r2;", "u32", func(a, b, c uint64) uint64 { return shifted(a, b, 32, false, true) }},
		{"shl.b64 %d9, %d1, %r2;", "u64", func(a, b, c uint64) uint64 { return shifted(a, b, 64, true, false) }},
		{"shr.s64 %d9, %d1, %r2;", "u64", func(a, b, c uint64) uint64 { return shifted(a, b, 64, false, true) }},
		{"shl.b16 %h9, %h1, %r2;", "u16", func(a, b, c uint64) uint64 { return shifted(a, b, 16, true, false) }},
		{"shr.s16 %h9, %h1, %r2;", "u16", func(a, b, c uint64) uint64 { return shifted(a, b, 16, false, true) }},
		{"bfe.u32 %r9, %r1, %r2, %r3;", "u32", func(a, b, c uint64) uint64 { return fieldOf(a, b, c, 32, false) }},
		{"bfe.s32 %r9, %r1, %r2, %r3;", "u32", func(a, b, c uint64) uint64 { return fieldOf(a, b, c, 32, true) }},
		{"bfe.u64 %d9, %d1, %r2, %r3;", "u64", func(a, b, c uint64) uint64 { return fieldOf(a, b, c, 64, false) }},
		{"bfi.b32 %r9, %r1, %r2, %r3, 7;", "u32", func(a, b, c uint64) uint64 { return inserted(a, b, c, 7, 32) }},
		{"bfi.b64 %d9, %d1, %d2, 60, %r3;", "u64", func(a, b, c uint64) uint64 { return inserted(a, b, 60, c, 64) }},
		{"shf.l.wrap.b32 %r9, %r1, %r2, %r3;", "u32", func(a, b, c uint64) uint64 { return funnel(a, b, c&31) >> 32 }},
		{"shf.r.wrap.b32 %r9, %r1, %r2, %r3;", "u32", func(a, b, c uint64) uint64 { return funnel(a, b, 32-c&31) >> 32 }},
		{"shf.r.clamp.b32 %r9, %r1, %r2, %r3;", "u32", func(a, b, c uint64) uint64 { return funnel(a, b, 32-min(c&0xffffffff, 32)) >> 32 }},
		{"lop3.b32 %r9, %r1, %r2, %r3, 0xd2;", "u32", func(a, b, c uint64) uint64 { return table(a, b, c, 0xd2) }},
		{"lop3.b32 %r9, %r1, %r2, %r3, 0x96;", "u32", func(a, b, c uint64) uint64 { return a ^ b ^ c }},
		{"prmt.b32 %r9, %r1, %r2, 0x5410;", "u32", func(a, b, c uint64) uint64 { return a&0xffff | b&0xffff<<16 }},
		{"prmt.b32 %r9, %r1, %r2, 0x7f3b;", "u32", func(a, b, c uint64) uint64 {
			sign := func(v uint64) uint64 { return uint64(int64(v<<56)>>63) & 0xff }
			return sign(a>>24) | a>>24&0xff<<8 | sign(b>>24)<<16 | b>>24&0xff<<24
		}},
	} {
		o.check(t, integerOperands())
	}
}

// shifted shifts bit by bit. Amounts are not taken modulo the size.
func shifted(a, by uint64, size int, left, signed bool) (v uint64) {
	by &= 0xffffffff
	for i := range size {
		from := int64(i) + int64(by)
		if left {
			from = int64(i) - int64(by)
		}
		if signed {
			from = min(from, int64(size-1))
		}
		if 0 <= from && from < int64(size) {
			v |= a >> from & 1 << i
		}
	}
	return v
}

// fieldOf is bfe as the PTX ISA writes it.
func fieldOf(a, b, c uint64, size int, signed bool) (d uint64) {
	pos, length, msb := int(b&0xff), int(c&0xff), size-1
	sign := uint64(0)
	if signed && length != 0 {
		sign = a >> min(pos+length-1, msb) & 1
	}
	for i := range size {
		bit := sign
		if i < length && pos+i <= msb {
			bit = a >> (pos + i) & 1
		}
		d |= bit << i
	}
	return d
}

// inserted is bfi as the PTX ISA writes it.
func inserted(a, b, c, length uint64, size int) uint64 {
	pos := int(c & 0xff)
	f := b
	for i := 0; i < int(length&0xff) && pos+i < size; i++ {
		f = f&^(1<<(pos+i)) | a>>i&1<<(pos+i)
	}
	return f
}

// funnel returns b:a shifted to the left.
func funnel(a, b, by uint64) uint64 { return (b<<32 | a&0xffffffff) << by }

func table(a, b, c, lut uint64) (v uint64) {
	for i := range 32 {
		v |= lut >> (a>>i&1<<2 | b>>i&1<<1 | c>>i&1) & 1 << i
	}
	return v
}
