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
	p.PackColumns = func(panel []float32, m Matrix, n, depth int, scratch []float32) {
		f.PackColumns(panel, m, n, depth, scratch)
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
	k      *Kernels
	nr     int
	words  transposition[float32]
	narrow func(dst []uint16, src []float32) // rounds; dst may begin where src does
}

// product returns a Product that has all but a tile and a peak.
func (p pairs) product() Product {
	nr := p.nr
	columns := converter{nr: nr, group: 2, words: p.words, asStored: tensor.BF16, convert: p.convert}
	return Product{
		NR: nr, Group: 2,
		PackRow:     func(dst, src []float32, _ float32) { p.pack(dst, src) },
		PackColumns: columns.packColumns,
		PackRows: func(panel, src []float32, ld, depth, n int) {
			for i := 0; i < depth; i += 2 {
				next := zeros[:n]
				if i+1 < depth {
					next = src[(i+1)*ld:][:n]
				}
				row := panel[i/2*nr:][:nr]
				p.k.PairBF16(row[:n], src[i*ld:][:n], next)
				clear(row[n:])
			}
		},
	}
}

// zeros is the row after the last one.
var zeros [MaxNR]float32

// pack makes words of numbers. dst may begin where src does.
func (p pairs) pack(dst, src []float32) {
	codes := as[uint16](dst[:(len(src)+1)/2])
	p.narrow(codes[:len(src)], src)
	clear(codes[len(src):])
}

// convert makes words of weights of any type.
func (p pairs) convert(dst []float32, m Matrix, n int, wide []float32) {
	switch m.Type {
	case tensor.F32:
		p.pack(dst, stored[float32](m, n))
		return
	case tensor.BF16:
		codes := as[uint16](dst)
		clear(codes[copy(codes, stored[uint16](m, n)):])
		return
	case tensor.F16:
		p.k.FromF16(wide[:n], stored[uint16](m, n))
	default:
		for i, v := range stored[int8](m, n) {
			wide[i] = float32(v)
		}
	}
	p.pack(dst, wide[:n])
}
