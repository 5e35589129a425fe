package backend

import "github.com/faceclip-go/faceclip-go/tensor"

// Attention computes softmax(q·kᵀ·scale + bias)·v of each head, for q [B, Lq, H, D], k [B, Lk, H, D] and
// v [B, Lk, H, Dv] into dst [B, Lq, H·Dv]. A zero dst is allocated.
func (s *Stream) Attention(dst, q, k, v Tensor, a AttentionArgs) Tensor {
	c := s.begin("Attention")
	c.activation("q", q)
	c.operand("k", k, q.DType())
	c.operand("v", v, q.DType())
	c.require(q.Rank() == 4 && k.Rank() == 4 && v.Rank() == 4 && q.Dim(0) == k.Dim(0) && k.Dim(0) == v.Dim(0) &&
		k.Dim(1) == v.Dim(1) && q.Dim(2) == k.Dim(2) && k.Dim(2) == v.Dim(2) && q.Dim(3) == k.Dim(3))
	c.require(min(k.Dim(1), k.Dim(2), k.Dim(3)) > 0 && max(k.Dim(3), v.Dim(3)) <= MaxHead)
	b, lq, h, dv := q.Dim(0), q.Dim(1), q.Dim(2), v.Dim(3)
	c.optional("bias", a.Bias, tensor.F32)
	c.require(a.Bias.IsZero() || a.Bias.Rank() == 3 && a.Bias.Dim(0) == h && a.Bias.Dim(1) == lq && a.Bias.Dim(2) == k.Dim(1))
	dst = c.result(dst, q.DType(), b, lq, h*dv)
	c.require(dst.Rank() == 3 && dst.Dim(0) == b && dst.Dim(1) == lq && dst.Dim(2) == h*dv)
	c.computes(a.Compute)
	a.Compute = s.compute(a.Compute)
	c.flops(2, q.Len()+dst.Len(), k.Dim(1))
	if c.runs() {
		s.b.Attention(dst, q, k, v, a)
	}
	return dst
}

// DeformAttention samples v [B, Rows·Cols, H, D] at learned offsets: see [Kernels]. A zero dst is allocated.
func (s *Stream) DeformAttention(dst, v, offsets, logits Tensor, a DeformArgs) Tensor {
	c := s.begin("DeformAttention")
	c.activation("v", v)
	c.operand("offsets", offsets, v.DType())
	c.operand("logits", logits, v.DType())
	c.require(v.Rank() == 4 && offsets.Rank() == 3 && logits.Rank() == 3)
	c.require(a.Cols > 0 && a.Rows == v.Dim(1)/a.Cols && a.Rows*a.Cols == v.Dim(1) &&
		a.Points > 0 && v.Dim(2) > 0 && a.Points <= MaxPoints/v.Dim(2))
	b, l, h, d := v.Dim(0), v.Dim(1), v.Dim(2), v.Dim(3)
	c.require(offsets.Dim(0) == b && offsets.Dim(1) == l && offsets.Dim(2) == 2*h*a.Points &&
		logits.Dim(0) == b && logits.Dim(1) == l && logits.Dim(2) == h*a.Points)
	dst = c.result(dst, v.DType(), b, l, h*d)
	c.require(dst.Rank() == 3 && dst.Dim(0) == b && dst.Dim(1) == l && dst.Dim(2) == h*d)
	if c.runs() {
		s.b.DeformAttention(dst, v, offsets, logits, a)
	}
	return dst
}

// Rope rotates neighbouring pairs of x [B, L, H, D] in place by angles given as cos, sin [L, D/2] of F32.
func (s *Stream) Rope(x, cos, sin Tensor) {
	c := s.begin("Rope")
	c.written("x", x, s.types.Act, tensor.F32)
	c.operand("cos", cos, tensor.F32)
	c.operand("sin", sin, tensor.F32)
	c.require(x.Rank() == 4 && cos.Rank() == 2 && cos.Dim(0) == x.Dim(1) && 2*cos.Dim(1) == x.Dim(3) && cos.SameShape(sin))
	if c.runs() {
		s.b.Rope(x, cos, sin)
	}
}
