package simd

import (
	"math"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// MaxInteger is the largest size of an operand that is an integer.
const MaxInteger = 127

// integers packs operands of integers.
type integers[E uint8 | int16 | int32] struct {
	nr, group int
	zero      E // the operand in a that stands for 0
	words     transposition[float32]
	blocks    func(dst *E, src *float32, blocks int, scale float32) // rounds blocks of numbers, if there is assembly for it
	block     int
}

// product returns a Product of integers that has all but a tile and a peak.
func (q integers[E]) product(fromSums func(dst, sums, zero, scales []float32, scale float32)) Product {
	columns := converter{
		nr: q.nr, group: q.group, words: q.words,
		convert: func(dst []float32, m Matrix, n int, _ []float32) {
			codes := as[E](dst)
			for i, v := range stored[int8](m, n) {
				codes[i] = E(v)
			}
			clear(codes[n:])
		},
	}
	if q.group == 4 { // bytes
		columns.asStored = tensor.I8
	}
	zeros := [maxGroup]E{q.zero, q.zero, q.zero, q.zero}
	return Product{
		NR: q.nr, Group: q.group, Integer: true, Zero: *(*float32)(unsafe.Pointer(&zeros)),
		PackRow: q.packRow, PackColumns: columns.packColumns, FromSums: fromSums,
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
