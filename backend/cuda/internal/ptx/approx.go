package ptx

import "math"

// A function is one that devices compute approximately.
type function struct {
	exact    func(x float64) float64
	ulps     float64 // the relative error that is allowed, in units of 2⁻²³
	absolute float64 // an error that is allowed, even if the relative one is larger then
}

// functions hold the errors that the PTX ISA allows.
var functions = map[string]function{
	"rcp":   {exact: func(x float64) float64 { return 1 / x }, ulps: 1},
	"sqrt":  {exact: math.Sqrt, ulps: 1},
	"rsqrt": {exact: func(x float64) float64 { return 1 / math.Sqrt(x) }, ulps: 1.07},
	"ex2":   {exact: math.Exp2, ulps: 2},
	"lg2":   {exact: math.Log2, ulps: 2, absolute: 0x1p-22},
	"sin":   {exact: math.Sin, absolute: 0x1.6ap-21},
	"cos":   {exact: math.Cos, absolute: 0x1.6ap-21},
	"tanh":  {exact: math.Tanh, ulps: 1 << 12},
}

// approximate returns f of x with an error of up to what is allowed, the same for the same x: a kernel has to bear what a device
// may do, not what one does. Zeros, ones, infinities and NaN stay. The error leaves room for rounding to float32.
func (f function) approximate(x float64) float64 {
	y := f.exact(x)
	if y == 0 || y == 1 || math.IsInf(y, 0) {
		return y
	}
	allowed := max(f.ulps*0x1p-23*math.Abs(y), f.absolute) - 0x1p-24*math.Abs(y)
	return y + allowed*noise(y)
}

// approximateQuotient is what div.approx and div.full compute of a/b.
var approximateQuotient = function{exact: func(x float64) float64 { return x }, ulps: 2}

// noise returns a number in (-1, 1) that is not known in advance, but always the same for x.
func noise(x float64) float64 {
	b := math.Float64bits(x)
	b ^= b >> 31
	b *= 0x9e3779b97f4a7c15
	b ^= b >> 29
	return float64(int64(b)) * 0x1p-63
}
