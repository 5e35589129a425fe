package nn

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Conv2D is a k×k convolution of an image [B, H, W, in].
type Conv2D struct {
	W    backend.Weight // [out, k, k, in]
	args backend.ConvArgs
}

// Conv2D returns the layer with the keys name.weight [out, in, k, k] and name.bias [out], padded so that stride 1 keeps
// the size. The weights are laid out anew as [out, k, k, in], in their stored element type unless it computes with integers.
func (p Params) Conv2D(name string, in, out, k, stride int) Conv2D {
	p = p.At("%s", name)
	return Conv2D{
		W: p.supported("weight", p.filters(p.get("weight", tensor.DType.Float, out, in, k, k))),
		args: backend.ConvArgs{
			Bias: p.Vector("bias", out), Stride: stride, Pad: [4]int{k / 2, k / 2, k / 2, k / 2}, Compute: p.compute(),
		},
	}
}

// filters returns w [O, I, kh, kw] as [O, kh, kw, I]: in its element type or, of layers that compute with integers, as those.
func (p Params) filters(w Tensor) backend.Weight {
	if p.computesInt8() {
		return p.quantized(w, []int{w.Dim(0), w.Dim(2), w.Dim(3), w.Dim(1)}, quantizeFilters)
	}
	return backend.Weight{Matrix: p.own(p.channelsLast(w))}
}

// After returns c applied to what n returns. The normalised image is never stored: c normalises while it reads.
func (c Conv2D) After(n GroupNorm) Conv2D { c.args.Norm = n.args; return c }

// Bias returns the bias [out].
func (c Conv2D) Bias() Tensor { return c.args.Bias }

// WithBias returns c with another bias, [out] or [B, out].
func (c Conv2D) WithBias(b Tensor) Conv2D { c.args.Bias = b; return c }

// Enlarging returns c applied to an image that is doubled by nearest neighbour and cut to rows×cols.
func (c Conv2D) Enlarging(rows, cols int) Conv2D { c.args.Upsample = [2]int{rows, cols}; return c }

// Forward returns c(x).
func (c Conv2D) Forward(s *backend.Stream, x Tensor) Tensor { return c.Into(s, Tensor{}, x) }

// Into stores c(x) in dst.
func (c Conv2D) Into(s *backend.Stream, dst, x Tensor) Tensor { return s.Conv2D(dst, x, c.W, c.args) }

// AddTo computes dst += c(x).
func (c Conv2D) AddTo(s *backend.Stream, dst, x Tensor) {
	c.args.Add = true
	s.Conv2D(dst, x, c.W, c.args)
}
