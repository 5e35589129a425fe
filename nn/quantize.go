package nn

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/parallel"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// ScaleSuffix follows the name of int8 weights [out, in] in the name of their scales, F32 [out].
const ScaleSuffix = "_scale"

// AllowInt8 returns p for linear layers whose weights may be int8, with a scale for each output.
func (p Params) AllowInt8() Params { p.int8 = true; return p }

// MakeInt8 makes the weights of all layers that follow int8 where they may be. The copies are private memory.
func (p Params) MakeInt8() { p.root.int8 = true }

// Integers returns p for linear layers and convolutions that may compute with integers.
func (p Params) Integers() Params { p.integers = true; return p }

// ComputeInt8 makes the weights of all layers that follow int8 which may compute with integers and are not exact. The copies are
// private memory.
func (p Params) ComputeInt8() { p.root.integers = true }

// computesInt8 reports whether a layer at p computes with integers.
func (p Params) computesInt8() bool { return p.root.integers && p.integers && !p.exact }

// Int8 returns the names of the weights that may be int8.
func (p Params) Int8() []string { return p.root.int8s }

// matrix returns the named weights, with their scales [out] if they are int8.
func (p Params) matrix(name string, out, in int) backend.Weight {
	serves := tensor.DType.Float
	if p.int8 {
		p.root.int8s = append(p.root.int8s, p.prefix+name)
		serves = func(dt tensor.DType) bool { return dt.Float() || dt == tensor.I8 }
	}
	w := backend.Weight{Matrix: p.get(name, serves, out, in)}
	switch {
	case w.Matrix.DType() == tensor.I8:
		w.Scale = p.Vector(name+ScaleSuffix, out)
	case p.int8 && p.root.int8 || p.computesInt8():
		return p.supported(name, p.quantized(w.Matrix, w.Matrix.Shape(), func(q backend.Weight, w Tensor) { Quantize(q.Matrix, q.Scale, w) }))
	}
	p.keep(w.Matrix)
	return p.supported(name, w)
}

// supported returns w. If the device lacks such weights, Err says so.
func (p Params) supported(name string, w backend.Weight) backend.Weight {
	if p.root.b == nil || p.root.fail != nil {
		return w
	}
	if err := p.root.b.Supports(backend.Types{Weight: w}); err != nil {
		p.root.fail = fmt.Errorf("tensor %q: %w", p.prefix+name, err)
	}
	return w
}

// quantized returns w as int8 of the given shape with scales, in private memory, and gives the pages of w back. Some outputs at a
// time are rounded by round.
func (p Params) quantized(w Tensor, shape []int, round func(q backend.Weight, w Tensor)) backend.Weight {
	outputs := w.Dim(0)
	if w.Mem == nil { // it does not fit, or has no numbers
		return backend.Weight{Matrix: tensor.Make(nil, 0, tensor.I8, shape...), Scale: tensor.Make(nil, 0, tensor.F32, outputs)}
	}
	q := backend.Weight{Matrix: p.root.alloc(tensor.I8, shape...), Scale: p.root.alloc(tensor.F32, outputs)}
	if q.Matrix.Mem == nil || q.Scale.Mem == nil {
		return q
	}
	const piece = 1 << 22 // weights between two looks at the context
	rows := max(1, piece/max(1, w.Len()/max(1, outputs)))
	for lo := 0; lo < outputs && p.root.ctx.Err() == nil; lo += rows {
		hi := min(lo+rows, outputs)
		round(q.Rows(lo, hi), w.Slice(0, lo, hi))
	}
	p.own(q.Matrix)
	p.own(q.Scale)
	p.discard(w)
	return q
}

// quantizeFilters rounds w [O, I, kh, kw] to q [O, kh, kw, I].
func quantizeFilters(q backend.Weight, w Tensor) {
	in, taps := w.Dim(1), w.Dim(2)*w.Dim(3)
	scales, codes, size := tensor.Float32s(q.Scale), tensor.Bytes(q.Matrix), in*taps
	parallel.Ranges(w.Dim(0), func(lo, hi int) {
		row, filter := make([]float32, size), make([]float32, size)
		for r := lo; r < hi; r++ {
			widen(row, w.Slice(0, r, r+1))
			transpose(filter, row, in, taps)
			scales[r] = quantizeRow(codes[r*size:(r+1)*size], filter)
		}
	})
}

// Quantize rounds w [out, in], of a floating-point type, to q [out, in] of I8 times scale [out]: symmetrically, so that the
// largest weight of a row becomes 127 or -127. All are in host memory; rows of w may be strided.
func Quantize(q, scale, w Tensor) {
	scales, codes, in := tensor.Float32s(scale), tensor.Bytes(q), w.Dim(1)
	parallel.Ranges(w.Dim(0), func(lo, hi int) {
		row := make([]float32, in)
		for r := lo; r < hi; r++ {
			widen(row, w.Slice(0, r, r+1))
			scales[r] = quantizeRow(codes[r*in:(r+1)*in], row)
		}
	})
}

// Half returns a vector of a floating-point type as BF16 or F16 codes, rounded to nearest, and whether all are finite.
func Half(dt tensor.DType, x Tensor) (codes []byte, finite bool) {
	codes = make([]byte, 2*x.Len())
	exponent := uint16(0x7f80)
	if dt == tensor.F16 {
		exponent = 0x7c00
	}
	var infinite atomic.Bool
	parallel.Ranges(x.Len(), func(lo, hi int) {
		values := make([]float32, hi-lo)
		widen(values, x.Slice(0, lo, hi))
		for i, v := range values {
			code := tensor.ToBF16(v)
			if dt == tensor.F16 {
				code = tensor.ToF16(v)
			}
			binary.LittleEndian.PutUint16(codes[2*(lo+i):], code)
			if code&exponent == exponent {
				infinite.Store(true)
			}
		}
	})
	return codes, !infinite.Load()
}

// quantizeRow stores the int8 codes of a row and returns their scale.
func quantizeRow(codes []byte, row []float32) float32 {
	const largest = 127
	most := float32(0)
	for _, v := range row {
		most = max(most, float32(math.Abs(float64(v))))
	}
	scale := most / largest
	inverse := float32(0)
	if scale > 0 {
		inverse = 1 / scale
	}
	for i, v := range row {
		codes[i] = byte(int8(min(max(round(v*inverse), -largest), largest)))
	}
	return scale
}

// round rounds |x| < 2²² to an integer, halves to even: the sum has no bits left for a fraction.
func round(x float32) float32 {
	const shift = 3 << 22
	return float32(x+shift) - shift
}

// widen stores a compact tensor as F32.
func widen(dst []float32, t Tensor) {
	switch t.DType() {
	case tensor.F32:
		copy(dst, tensor.Float32s(t))
	case tensor.F16:
		for i, u := range tensor.Uint16s(t) {
			dst[i] = tensor.FromF16(u)
		}
	default:
		for i, u := range tensor.Uint16s(t) {
			dst[i] = tensor.FromBF16(u)
		}
	}
}
