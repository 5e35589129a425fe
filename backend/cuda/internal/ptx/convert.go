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

// converter returns how one number is converted.
func (c conversion) converter() func(v uint64) uint64 {
	switch {
	case c.from[0] != 'f' && c.from[0] != 'b' && c.to[0] != 'f' && c.to[0] != 'b':
		return c.integerToInteger
	case c.from[0] != 'f' && c.from[0] != 'b':
		return func(v uint64) uint64 {
			v = extended(c.from, v)
			if c.from[0] == 's' {
				return c.fromFloat(odd(float64(int64(v)&^0xffffffff), float64(v&0xffffffff)))
			}
			return c.fromFloat(odd(float64(v&^0xffffffff), float64(v&0xffffffff)))
		}
	case c.to[0] != 'f' && c.to[0] != 'b':
		return func(v uint64) uint64 { return c.toInteger(c.toFloat(v)) }
	}
	return func(v uint64) uint64 {
		x := c.toFloat(v)
		if c.integer {
			x = roundInteger(x, c.mode)
		}
		return c.fromFloat(x)
	}
}

// extended returns a number of an integer type with 64 bits.
func extended(typ string, v uint64) uint64 {
	shift := 64 - typeBits[typ]
	if typ[0] == 's' {
		return uint64(int64(v<<shift) >> shift)
	}
	return v << shift >> shift
}

func (c conversion) integerToInteger(v uint64) uint64 {
	v = extended(c.from, v)
	if c.sat {
		negative := c.from[0] == 's' && int64(v) < 0
		lo, hi := limits(c.to)
		switch {
		case negative && (c.to[0] == 'u' || int64(v) < lo):
			v = uint64(lo)
		case !negative && v > hi:
			v = hi
		}
	}
	return extended(c.to, v)
}

// limits returns the smallest and the largest number of an integer type.
func limits(typ string) (lo int64, hi uint64) {
	bits := typeBits[typ]
	if typ[0] == 's' {
		return -1 << (bits - 1), 1<<(bits-1) - 1
	}
	return 0, math.MaxUint64 >> (64 - bits)
}

// toFloat returns the number that v is.
func (c conversion) toFloat(v uint64) float64 {
	switch c.from {
	case "f64":
		return math.Float64frombits(v)
	case "f32":
		x := math.Float32frombits(uint32(v))
		if c.ftz {
			x = flush(x)
		}
		return float64(x)
	}
	return halfOf(c.from).value(uint32(v) & 0xffff)
}

// fromFloat rounds x to the type that c converts to.
func (c conversion) fromFloat(x float64) uint64 {
	if c.sat {
		if !(x > 0) {
			x = 0
		}
		x = min(x, 1)
	}
	if c.relu && x < 0 {
		x = 0
	}
	switch c.to {
	case "f64":
		return math.Float64bits(x)
	case "f32":
		y := round32(x, c.mode)
		if c.ftz {
			y = flush(y)
		}
		return uint64(math.Float32bits(y))
	}
	return uint64(halfOf(c.to).round(x, c.mode))
}

// toInteger rounds x to an integer within the limits of the type. NaN becomes 0, or 1<<63 where 64 bits take part.
func (c conversion) toInteger(x float64) uint64 {
	bits := typeBits[c.to]
	if math.IsNaN(x) {
		if c.from == "f64" || bits == 64 {
			return 1 << (bits - 1)
		}
		return 0
	}
	x = roundInteger(x, c.mode)
	lo, hi := limits(c.to)
	switch {
	case x <= float64(lo):
		return extended(c.to, uint64(lo))
	case x >= float64(hi):
		return hi
	case c.to[0] == 's':
		return uint64(int64(x))
	}
	return uint64(x)
}
