package ptx

import (
	"math"
	"strings"
)

// A conversion is from one type to another. Registers go in and come out as 64 bits.
type conversion struct {
	to, from  string
	mode      mode
	integer   bool // floating-point numbers are rounded to integers
	ftz, relu bool
	sat       bool
}

// cvt decodes conversions.
func (d *decoder) cvt(s *statement) {
	from, fromSize := d.typed(s)
	to, toSize := d.typed(s)
	c := conversion{to: to, from: from, ftz: s.has("ftz"), sat: s.has("sat"), relu: s.has("relu"), mode: nearest}
	if m := s.one("rn", "rz", "rm", "rp"); m != "" {
		c.mode = mode(m)
	}
	if m := s.one("rni", "rzi", "rmi", "rpi"); m != "" {
		c.mode, c.integer = mode(m[:2]), true
	}
	if strings.HasSuffix(to, "x2") {
		d.cvtPair(s, c)
		return
	}
	d.operands(s, 2)
	dst, src := d.destOf(s, s.args[0], toSize, true), d.sourceOf(s, s.args[1], fromSize, true)
	if s.run = c.fast(dst, src); s.run != nil {
		return
	}
	convert := c.converter()
	s.run = func(w *warp) {
		for l := range 32 {
			w.setValue(dst, l, convert(w.value(src, l)))
		}
	}
}

// cvtPair decodes conversions of two f32 to halves. The first becomes the upper half.
func (d *decoder) cvtPair(s *statement, c conversion) {
	d.operands(s, 3)
	c.to = strings.TrimSuffix(c.to, "x2")
	if c.from != "f32" {
		d.fail(s.line, "only f32 becomes a pair")
	}
	to, high, low := d.dest(s, 0, 32), d.source(s, 1, 32), d.source(s, 2, 32)
	if c == (conversion{to: "bf16", from: "f32", mode: nearest}) {
		s.run = func(w *warp) {
			to, high, low := as[uint32](w, to), as[uint32](w, high), as[uint32](w, low)
			for l := range to {
				to[l] = nearestBF16(high[l])<<16 | nearestBF16(low[l])
			}
		}
		return
	}
	convert := c.converter()
	s.run = func(w *warp) {
		to, high, low := as[uint32](w, to), as[uint32](w, high), as[uint32](w, low)
		for l := range to {
			to[l] = uint32(convert(uint64(high[l]))<<16 | convert(uint64(low[l])))
		}
	}
}

// nearestBF16 returns the BF16 that is nearest to the float32 v.
func nearestBF16(v uint32) uint32 {
	if v&0x7fffffff > 0x7f800000 {
		return 0x7fff
	}
	return (v + 0x7fff + v>>16&1) >> 16
}

// fast returns how the commonest conversions are done, or nil.
func (c conversion) fast(dst, src register) func(w *warp) {
	if c.sat || c.ftz || c.relu {
		return nil
	}
	switch c.to + " " + c.from {
	case "s64 s32":
		return func(w *warp) { widen(as[int64](w, dst), as[int32](w, src)) }
	case "u64 u32":
		return func(w *warp) { widen(as[uint64](w, dst), as[uint32](w, src)) }
	case "u32 u64", "s32 s64", "u32 s64", "s32 u64":
		if dst.bits == 32 {
			return func(w *warp) { widen(as[uint32](w, dst), as[uint64](w, src)) }
		}
	case "f32 s32":
		if c.mode == nearest {
			return func(w *warp) { widen(as[float32](w, dst), as[int32](w, src)) }
		}
	case "u32 u16":
		if src.bits == 16 && dst.bits == 32 {
			return func(w *warp) { *as[uint32](w, dst) = *as[uint32](w, src) }
		}
	case "bf16 f32":
		if c.mode == nearest {
			return func(w *warp) {
				to, from := as[uint32](w, dst), as[uint32](w, src)
				for l := range to {
					to[l] = nearestBF16(from[l])
				}
			}
		}
	}
	return nil
}

func widen[T, U lane](to *[32]T, from *[32]U) {
	for l := range to {
		to[l] = T(from[l])
	}
}

// An intType is a type of integers.
type intType struct {
	size   int // bits
	signed bool
}

// integerType returns a type of integers, unless it is one of floating-point numbers.
func integerType(typ string) (t intType, ok bool) {
	return intType{typeBits[typ], typ[0] == 's'}, typ[0] == 's' || typ[0] == 'u'
}

// converter returns how one number is converted.
func (c conversion) converter() func(v uint64) uint64 {
	from, fromInteger := integerType(c.from)
	to, toInteger := integerType(c.to)
	read, write := c.reader(), c.writer()
	switch {
	case fromInteger && toInteger:
		return func(v uint64) uint64 { return to.extend(to.limit(from.extend(v), from.signed, c.sat)) }
	case fromInteger:
		return func(v uint64) uint64 { return write(from.float(v)) }
	case toInteger:
		return func(v uint64) uint64 { return c.toInteger(read(v), to) }
	case c.integer:
		return func(v uint64) uint64 { return write(roundInteger(read(v), c.mode)) }
	}
	return func(v uint64) uint64 { return write(read(v)) }
}

// extend returns a number of type t with 64 bits.
func (t intType) extend(v uint64) uint64 {
	shift := 64 - t.size
	if t.signed {
		return uint64(int64(v<<shift) >> shift)
	}
	return v << shift >> shift
}

// limit clamps a number of 64 bits to the numbers of type t.
func (t intType) limit(v uint64, signed, sat bool) uint64 {
	lo, hi := t.limits()
	negative := signed && int64(v) < 0
	switch {
	case !sat:
		return v
	case negative:
		return uint64(max(int64(v), lo))
	}
	return min(v, hi)
}

// limits returns the smallest and the largest number.
func (t intType) limits() (lo int64, hi uint64) {
	if t.signed {
		return -1 << (t.size - 1), 1<<(t.size-1) - 1
	}
	return 0, math.MaxUint64 >> (64 - t.size)
}

// float returns v with enough bits for rounding it afterwards.
func (t intType) float(v uint64) float64 {
	v = t.extend(v)
	if t.signed {
		return odd(float64(int64(v)&^0xffffffff), float64(v&0xffffffff))
	}
	return odd(float64(v&^0xffffffff), float64(v&0xffffffff))
}

// reader returns what takes a register for a floating-point number.
func (c conversion) reader() func(v uint64) float64 {
	switch c.from {
	case "f64":
		return math.Float64frombits
	case "f32":
		r := rounding{ftz: c.ftz}
		return func(v uint64) float64 { return r.in(math.Float32frombits(uint32(v))) }
	}
	h := halfOf(c.from)
	return func(v uint64) float64 { return h.value(uint32(v) & 0xffff) }
}

// writer returns what rounds a number to the floating-point type that c converts to.
func (c conversion) writer() func(x float64) uint64 {
	limit := func(x float64) float64 {
		switch {
		case c.relu && x < 0, c.sat && !(x > 0):
			return 0
		case c.sat:
			return min(x, 1)
		}
		return x
	}
	switch c.to {
	case "f64":
		return func(x float64) uint64 { return math.Float64bits(limit(x)) }
	case "f32":
		r := rounding{mode: c.mode, ftz: c.ftz}
		return func(x float64) uint64 { return uint64(math.Float32bits(r.out(limit(x)))) }
	}
	h := halfOf(c.to)
	return func(x float64) uint64 { return uint64(h.round(limit(x), c.mode)) }
}

// toInteger rounds x to an integer within the limits of the type. NaN becomes 0, or 1<<63 where 64 bits take part.
func (c conversion) toInteger(x float64, t intType) uint64 {
	if math.IsNaN(x) {
		if c.from == "f64" || t.size == 64 {
			return 1 << (t.size - 1)
		}
		return 0
	}
	x = roundInteger(x, c.mode)
	lo, hi := t.limits()
	switch {
	case x <= float64(lo):
		return t.extend(uint64(lo))
	case x >= float64(hi):
		return hi
	case t.signed:
		return uint64(int64(x))
	}
	return uint64(x)
}
