package tensor

import "math"

// The values of all codes of eight bits, as BF16, which holds each exactly.
var (
	fromE4M3 = float8Codes(4, 3, false)
	fromE5M2 = float8Codes(5, 2, true)
)

// WidenF8 stores the BF16 codes of numbers of type F8E4M3 or F8E5M2 in dst. Every code is exact.
func WidenF8(dst []uint16, dt DType, codes []byte) {
	table := &fromE4M3
	if dt == F8E5M2 {
		table = &fromE5M2
	}
	for i, c := range codes {
		dst[i] = table[c]
	}
}

// float8Codes returns the BF16 codes of a type. The largest exponent is, in a type with infinities, that of infinity and NaN;
// else of numbers, and NaN has the largest fraction beside it.
func float8Codes(exponentBits, fractionBits int, infinities bool) (table [256]uint16) {
	top, bias := 1<<exponentBits-1, 1<<(exponentBits-1)-1
	for code := range table {
		exponent, fraction := code>>fractionBits&top, code&(1<<fractionBits-1)
		var v float64
		switch {
		case exponent == top && infinities && fraction == 0:
			v = math.Inf(1)
		case exponent == top && (infinities || fraction == 1<<fractionBits-1):
			v = math.NaN()
		case exponent == 0:
			v = math.Ldexp(float64(fraction), 1-bias-fractionBits)
		default:
			v = math.Ldexp(float64(1<<fractionBits+fraction), exponent-bias-fractionBits)
		}
		table[code] = ToBF16(float32(v)) | uint16(code>>7<<15)
	}
	return table
}
