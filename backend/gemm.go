package backend

// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add, for x [..., K] and w [N, K].
// A zero dst is allocated.
func (s *Stream) Gemm(dst, x Tensor, w Weight, a GemmArgs) Tensor {
	c := s.begin("Gemm")
	c.activation("x", x)
	c.weight(w)
	c.require(x.Rank() >= 2 && w.Matrix.Rank() == 2 && x.Dim(-1) == w.Matrix.Dim(1))
	n, shape := w.Outputs(), x.Shape()
	shape[len(shape)-1] = n
	c.require(!a.Add || !dst.IsZero())
	dst = c.result(dst, x.DType(), shape...)
	c.require(dst.Rank() >= 2 && dst.Dim(-1) == n && dst.Rows() == x.Rows() && dst.Dim(0) == x.Dim(0))
	c.vector("bias", a.Bias, x.Dim(0), n)
	c.vector("gate", a.Gate, x.Dim(0), n)
	c.require((a.Add || a.Gate.IsZero()) && a.Act.valid())
	c.computes(a.Compute)
	a.Compute = s.compute(a.Compute)
	c.flops(2, dst.Len(), w.Matrix.Dim(1))
	if c.runs() {
		s.b.Gemm(dst, x, w, a)
	}
	return dst
}
