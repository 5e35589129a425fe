package ptx

import "math"

// A function is one that devices compute approximately.
type function struct {
	exact    func(x float64) float64
	ulps     float64 // of relative error that is allowed, in units of 2⁻²³
	absolute float64 // the error that is allowed if it does not grow with the result
}

// functions hold the errors that the PTX ISA and CUDA's programming guide allow.
var functions = map[string]function{
	"rcp":   {exact: func(x float64) float64 { return 1 / x }, ulps: 1},
	"sqrt":  {exact: math.Sqrt, ulps: 1},
	"rsqrt": {exact: func(x float64) float64 { return 1 / math.Sqrt(x) }, ulps: 1.1},
	"ex2":   {exact: math.Exp2, ulps: 2},
	"lg2":   {exact: math.Log2, absolute: 0x1p-22},
	"sin":   {exact: math.Sin, absolute: 0x1p-20},
	"cos":   {exact: math.Cos, absolute: 0x1p-20},
	"tanh":  {exact: math.Tanh, ulps: 1 << 12},
}

func (f function) approximate(x float64) float64 {
	y := f.exact(x)
	if f.absolute > 0 {
		return y + f.absolute*noise(y)
	}
	return approx(y, f.ulps)
}

// approx returns y with an error of up to so many units of 2⁻²³, the same for the same y: a kernel has to bear what a device may
// do, not what one does. Zeros, ones, infinities and NaN stay.
func approx(y, ulps float64) float64 {
	if y == 1 || math.IsInf(y, 0) {
		return y
	}
	return y * (1 + ulps*0x1p-23*noise(y))
}

// noise returns a number in (-1, 1) that is not known in advance, but always the same for x.
func noise(x float64) float64 {
	b := math.Float64bits(x)
	b ^= b >> 31
	b *= 0x9e3779b97f4a7c15
	b ^= b >> 29
	return float64(int64(b)) * 0x1p-63
}
