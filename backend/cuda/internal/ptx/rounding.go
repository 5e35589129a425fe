package ptx

import "math"

// A mode says to which neighbour a number is rounded.
type mode string

const (
	nearest mode = "rn" // the even one of two
	toZero  mode = "rz"
	down    mode = "rm"
	up      mode = "rp"
)

// odd returns hi + lo, rounded to a neighbour of 53 bits: if it is not exact, to that whose last bit is one. Rounded again to
// 51 bits or fewer, in whichever mode, it gives what the exact sum gives.
func odd(hi, lo float64) float64 {
	s := hi + lo
	if math.IsInf(s, 0) || math.IsNaN(s) {
		return s
	}
	t := s - hi
	e := (hi - (s - t)) + (lo - t)
	b := math.Float64bits(s)
	if e == 0 || b&1 != 0 {
		return s
	}
	if (e > 0) == (s > 0) {
		return math.Float64frombits(b + 1)
	}
	return math.Float64frombits(b - 1)
}

// round32 rounds x to float32.
func round32(x float64, m mode) float32 {
	y := float32(x)
	switch {
	case m == nearest, float64(y) == x, math.IsNaN(x), math.IsInf(x, 0):
		return y
	case float64(y) < x && (m == up || m == toZero && x < 0):
		return math.Nextafter32(y, float32(math.Inf(1)))
	case float64(y) > x && (m == down || m == toZero && x > 0):
		return math.Nextafter32(y, float32(math.Inf(-1)))
	}
	return y
}

// fma32 returns a·b + c, rounded once to the nearest.
func fma32(a, b, c float32) float32 {
	p := float64(a) * float64(b) // exact
	s := p + float64(c)
	// Rounding twice goes wrong only where the first result is just between two float32. Of subnormal ones it could be anywhere.
	const half, lower = 1 << 28, 1<<29 - 1
	if b := math.Float64bits(s); b&lower != half && b>>52&0x7ff > 1023-126 || s == 0 {
		return float32(s)
	}
	return float32(odd(p, float64(c)))
}

// flush returns x, or a zero of its sign if it is subnormal.
func flush(x float32) float32 {
	if b := math.Float32bits(x); b&0x7f800000 == 0 {
		return math.Float32frombits(b & 0x80000000)
	}
	return x
}

// saturate clamps x to [0, 1]. NaN becomes 0.
func saturate(x float32) float32 {
	if !(x > 0) {
		return 0
	}
	return min(x, 1)
}
