package nn

import (
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Linear is y = act(x·Wᵀ + b).
type Linear struct {
	W   backend.Weight // [out, in]
	B   Tensor         // [out] or none
	Act backend.Act

	compute tensor.DType // F32 if it is exact
}

// Linear returns the layer with the keys name.weight [out, in] and name.bias [out].
func (p Params) Linear(name string, in, out int) Linear {
	l := p.LinearNoBias(name, in, out)
	l.B = p.At("%s", name).Vector("bias", out)
	return l
}

// LinearNoBias returns the layer with the key name.weight [out, in].
func (p Params) LinearNoBias(name string, in, out int) Linear {
	p = p.At("%s", name)
	return Linear{W: p.matrix("weight", out, in), compute: p.compute()}
}

// With returns l followed by act.
func (l Linear) With(act backend.Act) Linear { l.Act = act; return l }

// Rows returns the part of a fused projection that gives outputs lo to hi.
func (l Linear) Rows(lo, hi int) Linear {
	l.W = l.W.Rows(lo, hi)
	if !l.B.IsZero() {
		l.B = l.B.Slice(0, lo, hi)
	}
	return l
}

// Forward returns l(x) for x [..., in].
func (l Linear) Forward(s *backend.Stream, x Tensor) Tensor { return l.Into(s, Tensor{}, x) }

// Into stores l(x) in dst.
func (l Linear) Into(s *backend.Stream, dst, x Tensor) Tensor {
	return s.Gemm(dst, x, l.W, backend.GemmArgs{Bias: l.B, Act: l.Act, Compute: l.compute})
}

// Glu returns the first half of the outputs times the activated second half, for x [..., in].
func (l Linear) Glu(s *backend.Stream, x Tensor) Tensor {
	return s.Gemm(Tensor{}, x, l.W, backend.GemmArgs{Bias: l.B, Act: l.Act, Compute: l.compute, Glu: true})
}

// AddTo computes dst += gate·l(x); the zero gate is 1.
func (l Linear) AddTo(s *backend.Stream, dst, x, gate Tensor) {
	s.Gemm(dst, x, l.W, backend.GemmArgs{Bias: l.B, Act: l.Act, Add: true, Gate: gate, Compute: l.compute})
}

// A LayerNorm normalises over the last dimension.
type LayerNorm struct{ args backend.NormArgs }

// LayerNorm returns the layer with the keys name.weight and name.bias [dim].
func (p Params) LayerNorm(name string, dim int, eps float32) LayerNorm {
	p = p.At("%s", name)
	return LayerNorm{backend.NormArgs{Gamma: p.Vector("weight", dim), Beta: p.Vector("bias", dim), Eps: eps}}
}

// Forward returns the normalised x.
func (n LayerNorm) Forward(s *backend.Stream, x Tensor) Tensor {
	return s.LayerNorm(Tensor{}, x, n.args)
}

// InPlace normalises x itself.
func (n LayerNorm) InPlace(s *backend.Stream, x Tensor) { s.LayerNorm(x, x, n.args) }

// An RMSNorm divides by the root mean square over the last dimension.
type RMSNorm struct{ args backend.NormArgs }

// RMSNorm returns the layer with the key name.weight [dim].
func (p Params) RMSNorm(name string, dim int, eps float32) RMSNorm {
	return RMSNorm{backend.NormArgs{Gamma: p.At("%s", name).Vector("weight", dim), Eps: eps}}
}

// Forward returns the normalised x.
func (n RMSNorm) Forward(s *backend.Stream, x Tensor) Tensor { return s.RMSNorm(Tensor{}, x, n.args) }

// InPlace normalises x itself.
func (n RMSNorm) InPlace(s *backend.Stream, x Tensor) { s.RMSNorm(x, x, n.args) }

// A GroupNorm normalises over groups of channels and all positions, then applies an activation.
type GroupNorm struct{ args backend.NormArgs }

// GroupNorm returns the layer with the keys name.weight and name.bias [dim].
func (p Params) GroupNorm(name string, dim, groups int, eps float32, act backend.Act) GroupNorm {
	p = p.At("%s", name)
	return GroupNorm{backend.NormArgs{
		Gamma: p.Vector("weight", dim), Beta: p.Vector("bias", dim), Eps: eps, Groups: groups, Act: act,
	}}
}

// Forward returns the normalised x [B, ..., C].
func (n GroupNorm) Forward(s *backend.Stream, x Tensor) Tensor {
	return s.GroupNorm(Tensor{}, x, n.args)
}

// A BatchNorm, at inference, is y = x·Scale + Shift. It follows a Linear without bias.
type BatchNorm struct{ Scale, Shift Tensor } // [dim]

// BatchNorm returns the layer with the keys name.weight, bias, running_mean and running_var [dim].
func (p Params) BatchNorm(name string, dim int, eps float64) BatchNorm {
	p = p.At("%s", name)
	p.Unused("num_batches_tracked")
	gamma, beta := p.numbers("weight", dim), p.numbers("bias", dim)
	mean, variance := p.numbers("running_mean", dim), p.numbers("running_var", dim)
	n := BatchNorm{tensor.Make(nil, 0, tensor.F32, dim), tensor.Make(nil, 0, tensor.F32, dim)}
	missing := func(t Tensor) bool { return t.Mem == nil } // or without numbers
	if slices.ContainsFunc([]Tensor{gamma, beta, mean, variance}, missing) {
		return n
	}
	n = BatchNorm{p.own(p.root.alloc(tensor.F32, dim)), p.own(p.root.alloc(tensor.F32, dim))}
	if n.Scale.Mem == nil || n.Shift.Mem == nil {
		return n
	}
	scale, shift := tensor.Float32s(n.Scale), tensor.Float32s(n.Shift)
	for i, v := range tensor.Float32s(variance) {
		f := float64(tensor.Float32s(gamma)[i]) / math.Sqrt(float64(v)+eps)
		scale[i], shift[i] = float32(f), float32(float64(tensor.Float32s(beta)[i])-float64(tensor.Float32s(mean)[i])*f)
	}
	return n
}

// After returns n(l(x)) for x [B, in]. A zero y is allocated. The scale is not folded into l's weights: that would copy
// them.
func (n BatchNorm) After(s *backend.Stream, y Tensor, l Linear, x Tensor) Tensor {
	if y.IsZero() {
		y = s.New(x.Dim(0), n.Shift.Dim(0))
	}
	for b := range x.Dim(0) {
		s.Copy(y.Slice(0, b, b+1), n.Shift.Reshape(1, -1))
	}
	l.AddTo(s, y, x, n.Scale)
	return y
}

// PatchConv returns a convolution whose stride is the size of its kernel as a layer over patches, channel by channel. Its keys are
// name.weight [out, channels, size, size] and name.bias [out].
func (p Params) PatchConv(name string, channels, size, out int) Linear {
	p = p.At("%s", name)
	w := p.Tensor("weight", out, channels, size, size).Reshape(out, channels*size*size)
	return Linear{W: backend.Weight{Matrix: w}, B: p.Vector("bias", out), compute: p.compute()}
}

// PackedValues returns the last third of PackedProjection.
func (p Params) PackedValues(name string, dim int) Linear {
	p = p.At("%s", name)
	w := p.get("in_proj_weight", tensor.DType.Float, 3*dim, dim).Slice(0, 2*dim, 3*dim)
	p.keep(w)
	return Linear{W: p.supported("in_proj_weight", backend.Weight{Matrix: w}), B: p.Vector("in_proj_bias", 3*dim).Slice(0, 2*dim, 3*dim), compute: p.compute()}
}

// PackedProjection returns the fused projection of PyTorch's MultiheadAttention, with the keys name.in_proj_weight
// [3·dim, dim] and name.in_proj_bias: its rows are the thirds of queries, keys and values.
func (p Params) PackedProjection(name string, dim int) Linear {
	p = p.At("%s", name)
	return Linear{W: p.matrix("in_proj_weight", 3*dim, dim), B: p.Vector("in_proj_bias", 3*dim), compute: p.compute()}
}
