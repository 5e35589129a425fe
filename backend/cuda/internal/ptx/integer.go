package ptx

import (
	"math/bits"
	"strings"
)

// arithmetic decodes add, sub, div, rem, min and max.
func (d *decoder) arithmetic(s *statement) {
	typ, size := d.typed(s)
	if strings.Contains(typ, "f") {
		d.floatArithmetic(s, typ)
		return
	}
	switch typ {
	case "u32", "b32":
		fromTwo(d, s, size, integers[uint32](d, s))
	case "s32":
		fromTwo(d, s, size, integers[int32](d, s))
	case "u64", "b64":
		fromTwo(d, s, size, integers[uint64](d, s))
	case "s64":
		fromTwo(d, s, size, integers[int64](d, s))
	case "u16", "b16":
		fromTwo(d, s, size, each2(halves16(integers16[uint16](d, s))))
	case "s16":
		fromTwo(d, s, size, each2(halves16(integers16[int16](d, s))))
	default:
		d.fail(s.line, "type %s is not known here", typ)
	}
}

func integers[T uint32 | int32 | uint64 | int64](d *decoder, s *statement) func(to, a, b *[32]T) {
	switch s.op {
	case "add":
		return add[T]
	case "sub":
		return sub[T]
	case "min":
		return smaller[T]
	case "max":
		return larger[T]
	case "div":
		return each2(quotient[T])
	case "rem":
		return each2(remainder[T])
	}
	d.fail(s.line, "unknown instruction")
	return nil
}

func integers16[T uint16 | int16](d *decoder, s *statement) func(a, b T) T {
	switch s.op {
	case "add":
		return func(a, b T) T { return a + b }
	case "sub":
		return func(a, b T) T { return a - b }
	case "min":
		return func(a, b T) T { return min(a, b) }
	case "max":
		return func(a, b T) T { return max(a, b) }
	case "div":
		return quotient[T]
	case "rem":
		return remainder[T]
	}
	d.fail(s.line, "unknown instruction")
	return nil
}

type integer interface {
	uint16 | int16 | uint32 | int32 | uint64 | int64
}

// quotient returns a/b, or all ones if b is 0, which NVIDIA leaves open.
func quotient[T integer](a, b T) T {
	if b == 0 {
		return ^T(0)
	}
	return a / b
}

func remainder[T integer](a, b T) T {
	if b == 0 {
		return a
	}
	return a % b
}

// multiply decodes mul.
func (d *decoder) multiply(s *statement) {
	typ, size := d.typed(s)
	if strings.Contains(typ, "f") {
		d.floatArithmetic(s, typ)
		return
	}
	switch part := s.one("lo", "hi", "wide"); {
	case part == "wide":
		d.multiplyWide(s, typ, size, false)
	case part == "lo" && size == 32:
		fromTwo(d, s, size, mul[uint32])
	case part == "lo" && size == 64:
		fromTwo(d, s, size, mul[uint64])
	case part == "lo" && size == 16:
		fromTwo(d, s, size, each2(halves16(func(a, b uint16) uint16 { return a * b })))
	case part == "hi" && size == 32:
		fromTwo(d, s, size, each2(highOf(typ)))
	case part == "hi" && typ == "u64":
		fromTwo(d, s, size, each2(func(a, b uint64) uint64 { h, _ := bits.Mul64(a, b); return h }))
	case part == "hi" && typ == "s64":
		fromTwo(d, s, size, each2(highSigned))
	default:
		d.fail(s.line, "no such product")
	}
}

// highOf returns what computes the upper half of a product of u32 or s32.
func highOf(typ string) func(a, b uint32) uint32 {
	if typ == "s32" {
		return func(a, b uint32) uint32 { return uint32(int64(int32(a)) * int64(int32(b)) >> 32) }
	}
	return func(a, b uint32) uint32 { return uint32(uint64(a) * uint64(b) >> 32) }
}

func highSigned(a, b uint64) uint64 {
	h, _ := bits.Mul64(a, b)
	return h - b&uint64(int64(a)>>63) - a&uint64(int64(b)>>63)
}

// multiplyAdd decodes mad.
func (d *decoder) multiplyAdd(s *statement) {
	typ, size := d.typed(s)
	if strings.HasPrefix(typ, "f") {
		s.op = "fma"
		s.mods = append(s.mods, typ)
		d.fma(s)
		return
	}
	switch part := s.one("lo", "hi", "wide"); {
	case part == "wide":
		d.multiplyWide(s, typ, size, true)
	case part == "lo" && size == 32:
		fromThree(d, s, size, mulAdd[uint32])
	case part == "lo" && size == 64:
		fromThree(d, s, size, mulAdd[uint64])
	case part == "lo" && size == 16:
		fromThree(d, s, size, each3(func(a, b, c uint32) uint32 { return uint32(uint16(a*b + c)) }))
	case part == "hi" && size == 32:
		high := highOf(typ)
		fromThree(d, s, size, each3(func(a, b, c uint32) uint32 { return high(a, b) + c }))
	default:
		d.fail(s.line, "no such product")
	}
}

// multiplyWide decodes mul.wide and mad.wide, whose results have twice as many bits as the factors.
func (d *decoder) multiplyWide(s *statement, typ string, size int, plus bool) {
	n := 3
	if plus {
		n = 4
	}
	d.operands(s, n)
	to, a, b := d.dest(s, 0, 2*size), d.source(s, 1, size), d.source(s, 2, size)
	c := d.constant(constant{2 * size, 0, false})
	if plus {
		c = d.source(s, 3, 2*size)
	}
	switch typ {
	case "s32":
		s.run = func(w *warp) {
			to, a, b, c := as[int64](w, to), as[int32](w, a), as[int32](w, b), as[int64](w, c)
			for l := range to {
				to[l] = int64(a[l])*int64(b[l]) + c[l]
			}
		}
	case "u32":
		s.run = func(w *warp) {
			to, a, b, c := as[uint64](w, to), as[uint32](w, a), as[uint32](w, b), as[uint64](w, c)
			for l := range to {
				to[l] = uint64(a[l])*uint64(b[l]) + c[l]
			}
		}
	case "s16":
		s.run = func(w *warp) {
			to, a, b, c := as[int32](w, to), as[int32](w, a), as[int32](w, b), as[int32](w, c)
			for l := range to {
				to[l] = int32(int16(a[l]))*int32(int16(b[l])) + c[l]
			}
		}
	case "u16":
		s.run = func(w *warp) {
			to, a, b, c := as[uint32](w, to), as[uint32](w, a), as[uint32](w, b), as[uint32](w, c)
			for l := range to {
				to[l] = a[l]*b[l] + c[l]
			}
		}
	default:
		d.fail(s.line, "no such product")
	}
}

// sign decodes abs and neg.
func (d *decoder) sign(s *statement) {
	typ, size := d.typed(s)
	switch {
	case strings.Contains(typ, "f"):
		d.floatSign(s, typ, size)
	case size == 16:
		fromOne(d, s, size, each1(func(a uint32) uint32 { return uint32(uint16(signed(s.op, int32(int16(a))))) }))
	case size == 32:
		fromOne(d, s, size, each1(func(a int32) int32 { return signed(s.op, a) }))
	default:
		fromOne(d, s, size, each1(func(a int64) int64 { return signed(s.op, a) }))
	}
}

func signed[T int32 | int64](op string, a T) T {
	if op == "neg" || a < 0 {
		return -a
	}
	return a
}

// dp4a adds the products of four signed or unsigned bytes to a number.
func (d *decoder) dp4a(s *statement) {
	second, _ := d.typed(s)
	first, _ := d.typed(s)
	part := func(typ string, v uint32, i int) uint32 {
		if typ == "s32" {
			return uint32(int32(int8(v >> (8 * i))))
		}
		return v >> (8 * i) & 0xff
	}
	fromThree(d, s, 32, each3(func(a, b, c uint32) uint32 {
		for i := range 4 {
			c += part(first, a, i) * part(second, b, i)
		}
		return c
	}))
}
