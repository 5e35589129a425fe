package simd

import (
	"github.com/faceclip-go/faceclip-go/tensor"
)

// floats packs float32 operands.
type floats struct {
	nr   int
	f32  transposition[float32]
	f16  transposition[uint16]
	bf16 transposition[uint16]
	i8   transposition[int8]
}

// floatsGeneric packs without assembly.
func floatsGeneric(nr int) floats {
	return floats{
		nr:   nr,
		f32:  transposition[float32]{row: column(func(v float32) float32 { return v })},
		f16:  transposition[uint16]{row: column(tensor.FromF16)},
		bf16: transposition[uint16]{row: column(tensor.FromBF16)},
		i8:   transposition[int8]{row: column(func(v int8) float32 { return float32(v) })},
	}
}

// product returns a Product of float32s that has all but a tile and a peak.
func (f floats) product() Product {
	return Product{
		NR: f.nr, Group: 1,
		PackRow:     func(dst, src []float32, _ float32) { copy(dst, src) },
		PackColumns: f.packColumns,
		PackRows:    f.packRows,
	}
}

func (f floats) packColumns(panel []float32, m Matrix, n, k int, _ []float32) {
	switch m.Type {
	case tensor.F32:
		f.f32.panel(panel, f.nr, m.At, m.Ld, n, k)
	case tensor.F16:
		f.f16.panel(panel, f.nr, m.At, m.Ld, n, k)
	case tensor.I8:
		f.i8.panel(panel, f.nr, m.At, m.Ld, n, k)
	default:
		f.bf16.panel(panel, f.nr, m.At, m.Ld, n, k)
	}
}

func (f floats) packRows(panel, src []float32, ld, k, n int) {
	for i := range k {
		row := panel[i*f.nr : (i+1)*f.nr]
		clear(row[copy(row, src[i*ld:][:n]):])
	}
}
