package simd

import (
	"math"
	"unsafe"
)

// maxGroup is the integers of any word, at most.
const maxGroup = 4

// MaxInteger is the largest size of an operand that is an integer.
const MaxInteger = 127

// integers packs operands of integers.
type integers[E uint8 | int16 | int32] struct {
	columns
	zero   E                                                     // the operand in a that stands for 0
	blocks func(dst *E, src *float32, blocks int, scale float32) // rounds blocks of numbers, if there is assembly for it
	block  int
}

// product returns a Product of integers that has all but a tile and a peak.
func (q integers[E]) product(fromSums func(dst, sums, zero, scales []float32, scale float32)) Product {
	zeros := [maxGroup]E{q.zero, q.zero, q.zero, q.zero}
	return Product{
		NR: q.nr, Group: q.group, Integer: true, Zero: *(*float32)(unsafe.Pointer(&zeros)),
		PackRow: q.packRow, PackColumns: q.pack, FromSums: fromSums,
	}
}

func (q integers[E]) packRow(dst, src []float32, scale float32) {
	codes := as[E](dst[:(len(src)+q.group-1)/q.group])
	done := 0
	if q.block > 0 && len(src) >= q.block {
		done = len(src) / q.block * q.block
		q.blocks(&codes[0], &src[0], done/q.block, scale)
	}
	for i := done; i < len(src); i++ {
		codes[i] = E(int32(math.RoundToEven(float64(src[i]*scale)))) + q.zero
	}
	for i := len(src); i < len(codes); i++ {
		codes[i] = q.zero
	}
}

func fromSumsGeneric(dst, sums, zero, scales []float32, scale float32) {
	to, from := as[int32](sums), as[int32](zero)
	for i := range dst {
		dst[i] = float32(to[i]-from[i]) * (scale * scales[i])
	}
}
