package ptx

import (
	"math"
	"strings"
)

// A half is a floating-point type of 16 bits.
type half struct {
	fraction int // bits
	exponent int // bits
}

var (
	float16  = half{fraction: 10, exponent: 5}
	bfloat16 = half{fraction: 7, exponent: 8}
)

func halfOf(typ string) half {
	if strings.HasPrefix(typ, "bf16") {
		return bfloat16
	}
	return float16
}

// value returns the number that v is.
func (h half) value(v uint32) float64 {
	if h == bfloat16 {
		return float64(math.Float32frombits(v << 16))
	}
	sign := 1 - 2*float64(v>>15&1)
	exponent, fraction := int(v>>10&31), float64(v&1023)
	switch exponent {
	case 0:
		return sign * fraction * 0x1p-24
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// round returns x as a number of 16 bits. NaN becomes the canonical one.
func (h half) round(x float64, m mode) uint32 {
	bias := 1<<(h.exponent-1) - 1
	var sign uint32
	if math.Signbit(x) {
		sign = 1 << 15
	}
	infinity := uint32(1<<h.exponent-1) << h.fraction
	switch {
	case math.IsNaN(x):
		return 0x7fff
	case math.IsInf(x, 0):
		return sign | infinity
	case x == 0:
		return sign
	}
	a := math.Abs(x)
	_, e := math.Frexp(a) // a is below 2ᵉ
	unit := max(e-1, 1-bias) - h.fraction
	n := roundInteger(math.Ldexp(a, -unit), magnitudeMode(m, sign != 0))
	// A fraction that has grown to the next power of two carries into the exponent by itself.
	v := uint32(n) + uint32(unit+h.fraction+bias-1)<<h.fraction
	if v >= infinity {
		v = infinity
		if mm := magnitudeMode(m, sign != 0); mm == toZero || mm == down {
			v--
		}
	}
	return sign | v
}

// magnitudeMode returns the mode for the magnitude of a number.
func magnitudeMode(m mode, negative bool) mode {
	switch {
	case m == down && negative:
		return up
	case m == up && negative:
		return down
	}
	return m
}

// roundInteger rounds x to an integer.
func roundInteger(x float64, m mode) float64 {
	switch m {
	case toZero:
		return math.Trunc(x)
	case down:
		return math.Floor(x)
	case up:
		return math.Ceil(x)
	}
	return math.RoundToEven(x)
}

// pairs makes of a function of two numbers one of the registers of a type that holds one number or two.
func pairs(typ string, f func(a, b float64) float64) func(a, b uint32) uint32 {
	h := halfOf(typ)
	one := func(a, b uint32) uint32 { return h.round(f(h.value(a&0xffff), h.value(b&0xffff)), nearest) }
	if typeBits[typ] == 16 {
		return one
	}
	return func(a, b uint32) uint32 { return one(a, b) | one(a>>16, b>>16)<<16 }
}

// halfArithmetic decodes add, sub and mul of f16, f16x2, bf16 and bf16x2.
func (d *decoder) halfArithmetic(s *statement, typ string, r rounding) {
	if !r.plain() {
		d.fail(s.line, "no such rounding")
	}
	f := map[string]func(a, b float64) float64{
		"add": func(a, b float64) float64 { return odd(a, b) },
		"sub": func(a, b float64) float64 { return odd(a, -b) },
		"mul": func(a, b float64) float64 { return a * b },
	}[s.op]
	fromTwo(d, s, typeBits[typ], each2(pairs(typ, f)))
}

func (d *decoder) halfFMA(s *statement, typ string, r rounding) {
	relu := s.has("relu")
	if !r.plain() {
		d.fail(s.line, "no such rounding")
	}
	h := halfOf(typ)
	one := func(a, b, c uint32) uint32 {
		v := odd(h.value(a&0xffff)*h.value(b&0xffff), h.value(c&0xffff))
		if relu && v < 0 {
			v = 0
		}
		return h.round(v, nearest)
	}
	fromThree(d, s, typeBits[typ], each3(func(a, b, c uint32) uint32 {
		if typeBits[typ] == 16 {
			return one(a, b, c)
		}
		return one(a, b, c) | one(a>>16, b>>16, c>>16)<<16
	}))
}
