package backend

import "github.com/faceclip-go/faceclip-go/tensor"

// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add, for x [..., K] and w [N, K]; with Glu, the first half of
// x·wᵀ + bias times the activated second half. A zero dst is allocated.
func (s *Stream) Gemm(dst, x Tensor, w Weight, a GemmArgs) Tensor {
	c := s.begin("Gemm")
	c.activation("x", x)
	c.weight(w)
	c.require(x.Rank() >= 2 && w.Matrix.Rank() == 2 && x.Dim(-1) == w.Matrix.Dim(1) && x.Dim(-1) <= MaxTerms)
	var room [tensor.MaxRank]int
	n, width, shape := w.Outputs(), w.Outputs(), x.AppendShape(room[:0])
	if a.Glu {
		c.require(n%2 == 0 && !a.Add)
		width = n / 2
	}
	shape[len(shape)-1] = width
	c.require(!a.Add || !dst.IsZero())
	dst = c.result(dst, x.DType(), shape...)
	c.require(dst.Rank() >= 2 && dst.Dim(-1) == width && dst.Rows() == x.Rows() && dst.Dim(0) == x.Dim(0))
	c.vector("bias", a.Bias, x.Dim(0), n)
	c.vector("gate", a.Gate, x.Dim(0), n)
	c.require((a.Add || a.Gate.IsZero()) && a.Act.valid())
	c.computes(a.Compute)
	a.Compute = s.compute(a.Compute)
	c.flops(2, x.Rows(), n, w.Matrix.Dim(1))
	defer s.Release(s.Mark())
	both := Tensor{}
	if a.Glu && !s.b.FusesGlu() {
		shape[len(shape)-1] = n
		both = s.NewOf(x.DType(), shape...)
	}
	if c.runs() {
		s.gemm(dst, x, both, w, a)
	}
	return dst
}

// gemm multiplies the halves apart if there is a place for both.
func (s *Stream) gemm(dst, x, both Tensor, w Weight, a GemmArgs) {
	if both.IsZero() {
		s.b.Gemm(dst, x, w, a)
		return
	}
	f, last := a.Act, both.Rank()-1
	a.Act, a.Glu = None, false
	s.b.Gemm(both, x, w, a)
	n := both.Dim(last) / 2
	s.b.Glu(dst, both.Slice(last, 0, n), both.Slice(last, n, 2*n), f)
}
