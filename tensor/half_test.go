package tensor

import (
	"math"
	"testing"
)

// valueF16 is the definition of IEEE half precision.
func valueF16(u uint16) float64 {
	sign := 1.0
	if u>>15 == 1 {
		sign = -1
	}
	exponent, fraction := int(u>>10&31), float64(u&1023)
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

func TestHalfCodes(t *testing.T) {
	for code := range 1 << 16 {
		u := uint16(code)
		checkCode(t, "f16", u, FromF16(u), valueF16(u), ToF16)
		checkCode(t, "bf16", u, FromBF16(u), float64(math.Float32frombits(uint32(u)<<16)), ToBF16)
	}
}

func checkCode(t *testing.T, name string, u uint16, got float32, want float64, back func(float32) uint16) {
	t.Helper()
	if math.IsNaN(want) {
		if got == got {
			t.Errorf("%s %#x is %v, want NaN", name, u, got)
		}
		if v := back(got); v&0x7c00 != 0x7c00 {
			t.Errorf("%s %#x: NaN goes back to %#x", name, u, v)
		}
		return
	}
	if float64(got) != want {
		t.Errorf("%s %#x is %v, want %v", name, u, got, want)
	}
	if v := back(got); v != u {
		t.Errorf("%s %#x goes back to %#x", name, u, v)
	}
}

// TestHalfRounding checks that values between two codes go to the nearer one, and halves to the even one.
func TestHalfRounding(t *testing.T) {
	for _, f := range []struct {
		name string
		from func(uint16) float32
		to   func(float32) uint16
		inf  uint16
	}{{"f16", FromF16, ToF16, 0x7c00}, {"bf16", FromBF16, ToBF16, 0x7f80}} {
		for u := uint16(0); u+1 < f.inf; u++ {
			lo, hi := float64(f.from(u)), float64(f.from(u+1))
			middle := float32((lo + hi) / 2)
			even := u + u&1
			if got := f.to(middle); got != even {
				t.Fatalf("%s: %v goes to %#x, want %#x", f.name, middle, got, even)
			}
			if got := f.to(math.Nextafter32(middle, 0)); float64(middle) != lo && got != u {
				t.Fatalf("%s: below %v goes to %#x, want %#x", f.name, middle, got, u)
			}
			if got := f.to(-math.Nextafter32(middle, float32(hi))); got != (u+1)|0x8000 {
				t.Fatalf("%s: above %v goes to %#x, want %#x", f.name, -middle, got, (u+1)|0x8000)
			}
		}
		if got := f.to(math.MaxFloat32); got != f.inf {
			t.Errorf("%s: the largest float goes to %#x", f.name, got)
		}
	}
	if RoundBF16(1.00390625) != 1 || RoundBF16(1.01171875) != 1.015625 {
		t.Error("RoundBF16")
	}
}
