package ptx

import (
	"math"
	"strings"
)

// A rounding is how a floating-point instruction treats what goes in and comes out.
type rounding struct {
	mode     mode
	ftz, sat bool
}

// rounding takes the modifiers about rounding.
func (d *decoder) rounding(s *statement) rounding {
	r := rounding{mode: nearest, ftz: s.has("ftz"), sat: s.has("sat")}
	if m := s.one("rn", "rz", "rm", "rp"); m != "" {
		r.mode = mode(m)
	}
	return r
}

func (r rounding) plain() bool { return r == rounding{mode: nearest} }

func (r rounding) in(x float32) float64 {
	if r.ftz {
		x = flush(x)
	}
	return float64(x)
}

func (r rounding) out(x float64) float32 {
	y := round32(x, r.mode)
	if r.ftz {
		y = flush(y)
	}
	if r.sat {
		y = saturate(y)
	}
	return y
}

// sum returns a + b. Where numbers cancel out, the zero has the sign of what they are rounded to.
func (r rounding) sum(a, b float64) float32 {
	if a == -b && r.mode == down && !math.IsInf(a, 0) && math.Signbit(a) != math.Signbit(b) {
		return float32(math.Copysign(0, -1))
	}
	return r.out(odd(a, b))
}

// floatArithmetic decodes add, sub, mul, div, min and max of floating-point numbers.
func (d *decoder) floatArithmetic(s *statement, typ string) {
	nan := s.has("NaN")
	approximate := s.one("approx", "full") != ""
	r := d.rounding(s)
	switch {
	case s.op == "min" || s.op == "max":
		d.floatExtreme(s, typ, nan, r)
	case typ == "f64" && r.plain():
		fromTwo(d, s, 64, arithmetic64(s.op))
	case typ == "f32" && s.op == "div" && approximate:
		fromTwo(d, s, 32, each2(func(a, b float32) float32 { return r.out(approximateQuotient.approximate(r.in(a) / r.in(b))) }))
	case typ == "f32" && s.op == "div" && r.plain():
		fromTwo(d, s, 32, each2(func(a, b float32) float32 { return a / b }))
	case typ == "f32" && r.plain():
		fromTwo(d, s, 32, arithmetic32(s.op))
	case typ == "f32" && s.op != "div":
		fromTwo(d, s, 32, each2(rounded(s.op, r)))
	case s.op != "div":
		d.halfArithmetic(s, typ, r)
	default:
		d.fail(s.line, "no such arithmetic")
	}
}

func arithmetic32(op string) func(to, a, b *[32]float32) {
	switch op {
	case "add":
		return add[float32]
	case "sub":
		return sub[float32]
	}
	return mul[float32]
}

func arithmetic64(op string) func(to, a, b *[32]float64) {
	switch op {
	case "add":
		return add[float64]
	case "sub":
		return sub[float64]
	case "mul":
		return mul[float64]
	}
	return each2(func(a, b float64) float64 { return a / b })
}

// rounded returns add, sub or mul in some rounding.
func rounded(op string, r rounding) func(a, b float32) float32 {
	switch op {
	case "add":
		return func(a, b float32) float32 { return r.sum(r.in(a), r.in(b)) }
	case "sub":
		return func(a, b float32) float32 { return r.sum(r.in(a), -r.in(b)) }
	}
	return func(a, b float32) float32 { return r.out(r.in(a) * r.in(b)) }
}

// fma decodes fma and mad of floating-point numbers.
func (d *decoder) fma(s *statement) {
	typ, _ := d.typed(s)
	r := d.rounding(s)
	switch {
	case typ == "f32" && r.plain():
		fromThree(d, s, 32, func(to, a, b, c *[32]float32) {
			for l := range to {
				to[l] = fma32(a[l], b[l], c[l])
			}
		})
	case typ == "f32":
		fromThree(d, s, 32, each3(func(a, b, c float32) float32 { return r.sum(r.in(a)*r.in(b), r.in(c)) }))
	case typ == "f64" && r.plain():
		fromThree(d, s, 64, each3(math.FMA))
	default:
		d.halfFMA(s, typ, r)
	}
}

// floatExtreme decodes min and max. Of a number and NaN they return the number, or with .NaN, NaN.
func (d *decoder) floatExtreme(s *statement, typ string, nan bool, r rounding) {
	extreme := func(a, b float64) float64 {
		switch {
		case math.IsNaN(a) && !nan:
			return b
		case math.IsNaN(b) && !nan:
			return a
		case s.op == "min":
			return min(a, b)
		}
		return max(a, b)
	}
	switch typ {
	case "f32":
		fromTwo(d, s, 32, each2(func(a, b float32) float32 { return float32(extreme(r.in(a), r.in(b))) }))
	case "f64":
		fromTwo(d, s, 64, each2(extreme))
	default:
		fromTwo(d, s, typeBits[typ], each2(pairs(typ, extreme)))
	}
}

// floatSign decodes abs and neg, which touch the sign alone.
func (d *decoder) floatSign(s *statement, typ string, size int) {
	ftz := s.has("ftz")
	signs := uint64(1) << (size - 1)
	if strings.HasSuffix(typ, "x2") {
		signs |= 1 << 15
	}
	change := func(v uint64) uint64 {
		if s.op == "neg" {
			return v ^ signs
		}
		return v &^ signs
	}
	if size == 64 {
		fromOne(d, s, 64, each1(change))
		return
	}
	fromOne(d, s, size, each1(func(a uint32) uint32 {
		if ftz {
			a = math.Float32bits(flush(math.Float32frombits(a)))
		}
		return uint32(change(uint64(a)))
	}))
}

// copysign gives the second operand the sign of the first.
func (d *decoder) copysign(s *statement) {
	if typ, _ := d.typed(s); typ != "f32" {
		d.fail(s.line, "only f32 is known here")
	}
	fromTwo(d, s, 32, each2(func(a, b uint32) uint32 { return a&(1<<31) | b&^(1<<31) }))
}

// function decodes what takes one number: rcp, sqrt and the approximations.
func (d *decoder) function(s *statement) {
	typ, size := d.typed(s)
	approximate := s.has("approx")
	r := d.rounding(s)
	f, ok := functions[s.op]
	if s.op != "rcp" && s.op != "sqrt" && !approximate {
		d.fail(s.line, "not known without .approx")
	}
	switch {
	case !ok:
		d.fail(s.line, "unknown instruction")
	case typ == "f64" && !approximate && r.plain():
		fromOne(d, s, size, each1(f.exact))
	case typ == "f32" && approximate:
		fromOne(d, s, size, each1(func(a float32) float32 { return r.out(f.approximate(r.in(a))) }))
	case typ == "f32" && r.mode == nearest:
		fromOne(d, s, size, each1(func(a float32) float32 { return r.out(f.exact(r.in(a))) }))
	default:
		d.fail(s.line, "no such function")
	}
}

// testp asks what kind of number an operand is.
func (d *decoder) testp(s *statement) {
	if typ, _ := d.typed(s); typ != "f32" {
		d.fail(s.line, "only f32 is known here")
	}
	d.operands(s, 2)
	test, ok := tests[s.one("finite", "infinite", "number", "notanumber", "normal", "subnormal")]
	if !ok {
		d.fail(s.line, "no such test")
	}
	to, a := d.dest(s, 0, 1).index, d.source(s, 1, 32)
	s.run = func(w *warp) {
		a := as[float32](w, a)
		w.p[to] = 0
		for l := range a {
			w.p[to] |= bit(test(float64(a[l]))) << l
		}
	}
}

const smallestNormal = 0x1p-126

var tests = map[string]func(x float64) bool{
	"finite":     func(x float64) bool { return math.Abs(x) <= math.MaxFloat32 },
	"infinite":   func(x float64) bool { return math.IsInf(x, 0) },
	"number":     func(x float64) bool { return !math.IsNaN(x) },
	"notanumber": math.IsNaN,
	"normal":     func(x float64) bool { return math.Abs(x) >= smallestNormal && math.Abs(x) <= math.MaxFloat32 },
	"subnormal":  func(x float64) bool { return math.Abs(x) < smallestNormal && x != 0 },
}
