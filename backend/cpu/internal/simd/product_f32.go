package simd

import (
	"github.com/faceclip-go/faceclip-go/tensor"
)

// floats are words of one float32.
type floats struct{ columns }

// floatsOf returns floats without assembly.
func floatsOf(nr int) floats {
	return floats{columns{
		nr: nr, group: 1,
		f32:  transposition[float32]{row: column(asStored[float32])},
		f16:  transposition[uint16]{row: column(tensor.FromF16)},
		bf16: transposition[uint16]{row: column(tensor.FromBF16)},
		i8:   transposition[int8]{row: column(func(v int8) float32 { return float32(v) })},
	}}
}

// product returns a Product that has all but a tile and a peak.
func (f floats) product() Product {
	return Product{
		NR: f.nr, Group: 1,
		PackRow:     func(dst, src []float32, _ float32) { copy(dst, src) },
		PackColumns: f.pack,
		PackRows:    f.packRows,
	}
}

func (f floats) packRows(panel, src []float32, ld, k, n int) {
	for i := range k {
		row := panel[i*f.nr : (i+1)*f.nr]
		clear(row[copy(row, src[i*ld:][:n]):])
	}
}
