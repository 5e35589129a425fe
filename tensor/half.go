package tensor

import (
	"math"

	"github.com/x448/float16"
)

// FromF16 returns the value of an IEEE half-precision code. Every code is exact.
func FromF16(u uint16) float32 { return float16.Frombits(u).Float32() }

// ToF16 rounds to the nearest half-precision code, ties to even.
func ToF16(f float32) uint16 { return float16.Fromfloat32(f).Bits() }

// FromBF16 returns the value of a bfloat16 code. Every code is exact.
func FromBF16(u uint16) float32 { return math.Float32frombits(uint32(u) << 16) }

// ToBF16 rounds to the nearest bfloat16 code, ties to even. A NaN stays a NaN.
func ToBF16(f float32) uint16 {
	u := math.Float32bits(f)
	if f != f {
		return uint16(u>>16 | 0x40)
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// RoundBF16 rounds f to the nearest bfloat16 value.
func RoundBF16(f float32) float32 { return FromBF16(ToBF16(f)) }
