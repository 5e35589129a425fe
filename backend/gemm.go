package backend

import "github.com/faceclip-go/faceclip-go/tensor"

// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add, for x [..., K] and w [N, K].
// I8 weights need a Scale, which multiplies x·wᵀ. A zero dst is allocated.
func (s *Stream) Gemm(dst, x, w Tensor, a GemmArgs) Tensor {
	require(x.Rank() >= 2 && w.Rank() == 2 && x.Dim(-1) == w.Dim(1), "Gemm", x, w)
	n := w.Dim(0)
	if dst.IsZero() {
		shape := x.Shape()
		shape[len(shape)-1] = n
		dst = s.New(shape...)
	}
	require(dst.Rank() >= 2 && dst.Dim(-1) == n && dst.Rows() == x.Rows() && dst.Dim(0) == x.Dim(0), "Gemm", dst, x, w)
	require(vector(a.Bias, x.Dim(0), n) && vector(a.Gate, x.Dim(0), n) && (a.Add || a.Gate.IsZero()),
		"Gemm", x, w, a.Bias, a.Gate)
	require(scaled(w, a.Scale) && x.DType() == dst.DType(), "Gemm", dst, x, w, a.Scale)
	if s.enter("Gemm", dst, x, w, a.Scale, a.Bias, a.Gate) {
		s.b.Gemm(dst, x, w, a)
	}
	return dst
}

// scaled reports whether w [N, K] is I8 and scale has a factor for each row, or w needs no scale and there is none.
func scaled(w, scale Tensor) bool {
	if w.DType() != tensor.I8 {
		return weight(w) && scale.IsZero()
	}
	return scale.DType() == tensor.F32 && scale.Rank() == 1 && scale.Dim(0) == w.Dim(0)
}

// weight reports whether w has an element type that every kernel reads as weights.
func weight(w Tensor) bool {
	return w.DType() == tensor.F32 || w.DType() == tensor.F16 || w.DType() == tensor.BF16
}
