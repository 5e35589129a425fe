package backend

import "github.com/faceclip-go/faceclip-go/tensor"

// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add, for x [..., K] and w [N, K].
// A zero dst is allocated.
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
	require(weight(w) && x.DType() == dst.DType(), "Gemm", dst, x, w)
	if s.enter("Gemm", dst, x, w, a.Bias, a.Gate) {
		s.b.Gemm(dst, x, w, a)
	}
	return dst
}

// weight reports whether w has an element type that kernels read as weights.
func weight(w Tensor) bool {
	return w.DType() == tensor.F32 || w.DType() == tensor.F16 || w.DType() == tensor.BF16
}
