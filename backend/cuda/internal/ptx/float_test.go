package ptx

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// floatOperands returns bits of float32.
func floatOperands() (operands [][3]uint64) {
	r := rand.New(rand.NewPCG(3, 4))
	special := []uint64{0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 1, 0x007fffff, 0x00800000, 0x7f7fffff, 0x3f000000}
	pick := func() uint64 {
		switch r.IntN(6) {
		case 0:
			return special[r.IntN(len(special))]
		case 1:
			return uint64(r.Uint32())
		case 2:
			return bits32(float32(r.IntN(64)-32) / 2)
		}
		return bits32(float32(r.NormFloat64()) * float32(math.Ldexp(1, r.IntN(40)-20)))
	}
	for range 1024 {
		operands = append(operands, [3]uint64{pick(), pick(), pick()})
	}
	return operands
}

// exactly returns the float32 nearest to what f computes exactly.
func exactly(f func(z, a, b, c *big.Float)) func(a, b, c uint64) uint64 {
	return rounding32(big.ToNearestEven, f)
}

// rounding32 rounds what f computes exactly. Where an operand is no number it leaves the result to float64, which is exact then.
func rounding32(mode big.RoundingMode, f func(z, a, b, c *big.Float)) func(a, b, c uint64) uint64 {
	return func(a, b, c uint64) uint64 {
		x, y, w := new(big.Float), new(big.Float), new(big.Float)
		for i, z := range []*big.Float{x, y, w} {
			v := float64(f32([]uint64{a, b, c}[i]))
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return skip
			}
			z.SetPrec(400).SetFloat64(v)
		}
		z := new(big.Float).SetPrec(400)
		f(z, x, y, w)
		if z.Sign() == 0 {
			return skip // the sign is tested apart
		}
		if mode == big.ToNearestEven {
			v, _ := z.Float32()
			return bits32(v)
		}
		z.SetMode(mode).SetPrec(24)
		if e := z.MantExp(nil); e < -125 || e > 128 {
			return skip
		}
		v, _ := z.Float32()
		return bits32(v)
	}
}

// skip is a wanted value that is not compared.
const skip = 0x7fdead00

func TestRounding(t *testing.T) {
	sum := func(z, a, b, _ *big.Float) { z.Add(a, b) }
	difference := func(z, a, b, _ *big.Float) { z.Sub(a, b) }
	product := func(z, a, b, _ *big.Float) { z.Mul(a, b) }
	fused := func(z, a, b, c *big.Float) { z.Add(new(big.Float).SetPrec(400).Mul(a, b), c) }
	for _, o := range []operation{
		{"add.f32 %f9, %f1, %f2;", "f32", exactly(sum)},
		{"add.rn.f32 %f9, %f1, %f2;", "f32", exactly(sum)},
		{"sub.f32 %f9, %f1, %f2;", "f32", exactly(difference)},
		{"mul.f32 %f9, %f1, %f2;", "f32", exactly(product)},
		{"fma.rn.f32 %f9, %f1, %f2, %f3;", "f32", exactly(fused)},
		{"mad.rn.f32 %f9, %f1, %f2, %f3;", "f32", exactly(fused)},
		{"add.rz.f32 %f9, %f1, %f2;", "f32", rounding32(big.ToZero, sum)},
		{"sub.rm.f32 %f9, %f1, %f2;", "f32", rounding32(big.ToNegativeInf, difference)},
		{"mul.rp.f32 %f9, %f1, %f2;", "f32", rounding32(big.ToPositiveInf, product)},
		{"fma.rz.f32 %f9, %f1, %f2, %f3;", "f32", rounding32(big.ToZero, fused)},
		{"fma.rm.f32 %f9, %f1, %f2, %f3;", "f32", rounding32(big.ToNegativeInf, fused)},
		{"fma.rp.f32 %f9, %f1, %f2, %f3;", "f32", rounding32(big.ToPositiveInf, fused)},
	} {
		o.check(t, append(floatOperands()[:512], closeOperands()...))
	}
}

// closeOperands are such that a·b + c is so close to the middle of two float32 that float64 does not tell, or subnormal.
func closeOperands() (operands [][3]uint64) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 512 {
		c := 1 + float32(r.IntN(1<<23))/(1<<23)
		d := float32(r.IntN(7)-3) * 0x1p-20
		a, b := 1+d, (1-d)*0x1p-24 // a·b is half a unit of c, less d²
		if i%4 == 0 {
			a, b, c = a*0x1p-100, b*0x1p-26, c*0x1p-127
		}
		operands = append(operands, [3]uint64{bits32(a), bits32(b), bits32(c)})
	}
	return operands
}

func TestFloats(t *testing.T) {
	of2 := func(f func(a, b float64) float64) func(a, b, c uint64) uint64 {
		return func(a, b, c uint64) uint64 { return bits32(float32(f(float64(f32(a)), float64(f32(b))))) }
	}
	of1 := func(f func(a float64) float64) func(a, b, c uint64) uint64 {
		return of2(func(a, _ float64) float64 { return f(a) })
	}
	number := func(f func(a, b float64) float64) func(a, b float64) float64 {
		return func(a, b float64) float64 {
			if math.IsNaN(a) {
				return b
			}
			if math.IsNaN(b) {
				return a
			}
			return f(a, b)
		}
	}
	yes := func(f func(a, b float64) bool) func(a, b, c uint64) uint64 {
		return of2(func(a, b float64) float64 {
			if f(a, b) {
				return 1
			}
			return 0
		})
	}
	const choose = " selp.f32 %f9, 0f3F800000, 0f00000000, %q1;"
	for _, o := range []operation{
		{"div.rn.f32 %f9, %f1, %f2;", "f32", func(a, b, c uint64) uint64 { return bits32(f32(a) / f32(b)) }},
		{"rcp.rn.f32 %f9, %f1;", "f32", func(a, b, c uint64) uint64 { return bits32(1 / f32(a)) }},
		{"sqrt.rn.f32 %f9, %f1;", "f32", of1(math.Sqrt)},
		{"min.f32 %f9, %f1, %f2;", "f32", of2(number(math.Min))},
		{"max.f32 %f9, %f1, %f2;", "f32", of2(number(math.Max))},
		{"max.NaN.f32 %f9, %f1, %f2;", "f32", of2(func(a, b float64) float64 { return max(a, b) })},
		{"min.NaN.f32 %f9, %f1, %f2;", "f32", of2(func(a, b float64) float64 { return min(a, b) })},
		{"abs.f32 %f9, %f1;", "f32", of1(math.Abs)},
		{"neg.f32 %f9, %f1;", "f32", of1(func(a float64) float64 { return -a })},
		{"copysign.f32 %f9, %f1, %f2;", "f32", of2(func(a, b float64) float64 { return math.Copysign(b, a) })},
		{"cvt.rni.f32.f32 %f9, %f1;", "f32", of1(math.RoundToEven)},
		{"cvt.rzi.f32.f32 %f9, %f1;", "f32", of1(math.Trunc)},
		{"cvt.rmi.f32.f32 %f9, %f1;", "f32", of1(math.Floor)},
		{"cvt.rpi.f32.f32 %f9, %f1;", "f32", of1(math.Ceil)},
		{"cvt.sat.f32.f32 %f9, %f1;", "f32", of1(func(a float64) float64 { return math.Min(math.Max(number(math.Max)(a, 0), 0), 1) })},
		{"cvt.rn.f32.s32 %f9, %r1;", "f32", func(a, b, c uint64) uint64 { return bits32(float32(int32(a))) }},
		{"cvt.rn.f32.u32 %f9, %r1;", "f32", func(a, b, c uint64) uint64 { return bits32(float32(uint32(a))) }},
		{"cvt.f64.f32 %fd9, %f1;", "f64", func(a, b, c uint64) uint64 { return math.Float64bits(float64(f32(a))) }},
		{"cvt.f64.f32 %fd9, %f1; mul.f64 %fd9, %fd9, 0d3FD5555555555555; cvt.rn.f32.f64 %f9, %fd9;", "f32", of1(func(a float64) float64 { return a * (1. / 3) })},
		{"add.ftz.f32 %f9, %f1, 0f00000001;", "f32", func(a, b, c uint64) uint64 {
			if a&0x7f800000 == 0 {
				a = a & 0x80000000
			}
			return bits32(f32(a) + 0)
		}},
		{"setp.lt.f32 %q1, %f1, %f2;" + choose, "f32", yes(func(a, b float64) bool { return a < b })},
		{"setp.ltu.f32 %q1, %f1, %f2;" + choose, "f32", yes(func(a, b float64) bool { return !(a >= b) })},
		{"setp.ne.f32 %q1, %f1, %f2;" + choose, "f32", yes(func(a, b float64) bool { return a < b || a > b })},
		{"setp.neu.f32 %q1, %f1, %f2;" + choose, "f32", yes(func(a, b float64) bool { return a != b })},
		{"setp.geu.f32 %q1, %f1, %f2;" + choose, "f32", yes(func(a, b float64) bool { return !(a < b) })},
		{"setp.nan.f32 %q1, %f1, %f2;" + choose, "f32", yes(func(a, b float64) bool { return math.IsNaN(a) || math.IsNaN(b) })},
		{"setp.gt.f32 %q2, %f1, 0f00000000; setp.lt.and.f32 %q1|%q3, %f1, %f2, %q2;" + choose, "f32", yes(func(a, b float64) bool { return a > 0 && a < b })},
		{"setp.gt.f32 %q2, %f1, 0f00000000; setp.lt.and.f32 %q3|%q1, %f1, %f2, !%q2;" + choose, "f32", yes(func(a, b float64) bool { return !(a > 0) && !(a < b) })},
		{"testp.finite.f32 %q1, %f1;" + choose, "f32", yes(func(a, _ float64) bool { return !math.IsNaN(a) && !math.IsInf(a, 0) })},
		{"set.gt.f32.f32 %f9, %f1, %f2;", "f32", yes(func(a, b float64) bool { return a > b })},
	} {
		o.check(t, floatOperands())
	}
}

// Conversions to integers keep to the limits, and take NaN for 0.
func TestToInteger(t *testing.T) {
	to := func(round func(float64) float64, lo, hi float64) func(a, b, c uint64) uint64 {
		return func(a, b, c uint64) uint64 {
			x := float64(f32(a))
			if math.IsNaN(x) {
				return 0
			}
			return uint64(int64(min(max(round(x), lo), hi)))
		}
	}
	for _, o := range []operation{
		{"cvt.rzi.s32.f32 %r9, %f1;", "u32", to(math.Trunc, math.MinInt32, math.MaxInt32)},
		{"cvt.rni.s32.f32 %r9, %f1;", "u32", to(math.RoundToEven, math.MinInt32, math.MaxInt32)},
		{"cvt.rmi.s32.f32 %r9, %f1;", "u32", to(math.Floor, math.MinInt32, math.MaxInt32)},
		{"cvt.rpi.u32.f32 %r9, %f1;", "u32", to(math.Ceil, 0, math.MaxUint32)},
		{"cvt.rzi.s64.f32 %d9, %f1; shr.s64 %d9, %d9, 10;", "u64", func(a, b, c uint64) uint64 {
			x := float64(f32(a))
			switch {
			case math.IsNaN(x):
				return 1<<63>>10 | 0xffc0000000000000
			case x >= 0x1p63:
				return math.MaxInt64 >> 10
			}
			return uint64(int64(max(x, -0x1p63)) >> 10)
		}},
	} {
		o.check(t, floatOperands())
	}
}

// Approximations are off by no more than is documented, and not exact: kernels have to bear both.
func TestApproximations(t *testing.T) {
	for _, c := range []struct {
		instruction string
		exact       func(x float64) float64
		relative    float64
		absolute    float64
	}{
		{"ex2.approx.ftz.f32 %f9, %f1;", math.Exp2, 0x1p-22, 0},
		{"rcp.approx.ftz.f32 %f9, %f1;", func(x float64) float64 { return 1 / x }, 0x1p-23, 0},
		{"rsqrt.approx.f32 %f9, %f1;", func(x float64) float64 { return 1 / math.Sqrt(x) }, math.Exp2(-22.9), 0},
		{"sqrt.approx.f32 %f9, %f1;", math.Sqrt, 0x1p-23, 0},
		{"lg2.approx.f32 %f9, %f1;", math.Log2, 0x1p-22, 0x1p-22},
		{"tanh.approx.f32 %f9, %f1;", math.Tanh, 0x1p-11, 0},
		{"sin.approx.f32 %f9, %f1;", math.Sin, 0x1p-24, math.Exp2(-20.5)},
		{"cos.approx.f32 %f9, %f1;", math.Cos, 0x1p-24, math.Exp2(-20.5)},
		{"div.full.f32 %f9, %f1, 0f40400000;", func(x float64) float64 { return x / 3 }, 0x1p-22, 0},
	} {
		t.Run(c.instruction, func(t *testing.T) {
			var operands [][3]uint64
			for i := range 1000 {
				operands = append(operands, [3]uint64{bits32(float32(i+1) / 300)})
			}
			off := 0
			for i, got := range evaluate(t, operation{c.instruction, "f32", nil}, operands) {
				want := c.exact(float64(f32(operands[i][0])))
				if d := math.Abs(float64(f32(got)) - want); d > max(c.relative*math.Abs(want), c.absolute) {
					t.Fatalf("%g gives %g, want %g", f32(operands[i][0]), f32(got), want)
				}
				if f32(got) != float32(want) {
					off++
				}
			}
			if off < 100 {
				t.Errorf("only %d of 1000 results differ from the best", off)
			}
		})
	}
}
