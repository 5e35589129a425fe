package simd

import (
	"github.com/faceclip-go/faceclip-go/tensor"
)

// rounded returns a product of float32s, f, with operands that are rounded to bfloat16: what there is without an instruction for
// them.
func (k *Kernels) rounded(f Product) Product {
	p := f
	p.Name += " of rounded operands"
	p.Few = nil
	p.PackRow = func(dst, src []float32, _ float32) { k.RoundBF16(dst[:len(src)], src) }
	p.PackColumns = func(panel []float32, m Matrix, n, depth int) {
		f.PackColumns(panel, m, n, depth)
		if m.Type == tensor.F32 || m.Type == tensor.F16 {
			k.RoundBF16(panel[:depth*p.NR], panel[:depth*p.NR])
		}
	}
	p.PackRows = func(panel, src []float32, ld, depth, n int) {
		f.PackRows(panel, src, ld, depth, n)
		k.RoundBF16(panel[:depth*p.NR], panel[:depth*p.NR])
	}
	return p
}

// pairs are words of two bfloat16s.
type pairs struct {
	columns
	narrow func(dst []uint16, src []float32) // rounds; dst may begin where src does
	pair   func(dst, a, b []float32)         // Kernels.PairBF16
}

// pairsOf packs words of two bfloat16s, without assembly.
func pairsOf(nr int) columns {
	return columns{
		nr: nr, group: 2,
		f32:  transposition[float32]{row: column(tensor.ToBF16)},
		f16:  transposition[uint16]{row: column(func(v uint16) uint16 { return tensor.ToBF16(tensor.FromF16(v)) })},
		bf16: transposition[uint16]{row: column(asStored[uint16])},
		i8:   transposition[int8]{row: column(func(v int8) uint16 { return tensor.ToBF16(float32(v)) })},
	}
}

// product returns a Product that has all but a tile and a peak.
func (p pairs) product() Product {
	return Product{NR: p.nr, Group: 2, PackRow: p.packRow, PackColumns: p.pack, PackRows: p.packRows}
}

func (p pairs) packRow(dst, src []float32, _ float32) {
	codes := as[uint16](dst[:(len(src)+1)/2])
	p.narrow(codes[:len(src)], src)
	clear(codes[len(src):])
}

func (p pairs) packRows(panel, src []float32, ld, k, n int) {
	for i := 0; i < k; i += 2 {
		next := zeros[:n]
		if i+1 < k {
			next = src[(i+1)*ld:][:n]
		}
		row := panel[i/2*p.nr:][:p.nr]
		p.pair(row[:n], src[i*ld:][:n], next)
		clear(row[n:])
	}
}

// zeros is the row after the last one.
var zeros [MaxNR]float32
