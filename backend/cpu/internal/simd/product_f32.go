package simd

import (
	"github.com/faceclip-go/faceclip-go/tensor"
)

// floats packs words of one float32, without assembly.
func floats(nr int) columns {
	return columns{
		nr: nr, group: 1,
		f32:  transposition[float32]{row: column(asStored[float32])},
		f16:  transposition[uint16]{row: column(tensor.FromF16)},
		bf16: transposition[uint16]{row: column(tensor.FromBF16)},
		i8:   transposition[int8]{row: column(func(v int8) float32 { return float32(v) })},
	}
}

// floatProduct returns a Product of float32s that has all but a tile and a peak.
func (c columns) floatProduct() Product {
	return Product{
		NR: c.nr, Group: 1,
		PackRow:     func(dst, src []float32, _ float32) { copy(dst, src) },
		PackColumns: c.pack,
		PackRows:    c.copyRows,
	}
}

func (c columns) copyRows(panel, src []float32, ld, k, n int) {
	for i := range k {
		row := panel[i*c.nr : (i+1)*c.nr]
		clear(row[copy(row, src[i*ld:][:n]):])
	}
}
