package backend

// Attention computes softmax(q·kᵀ·scale + bias)·v of each head, for q [B, Lq, H, D], k [B, Lk, H, D] and
// v [B, Lk, H, Dv] into dst [B, Lq, H·Dv]. A zero dst is allocated.
func (s *Stream) Attention(dst, q, k, v Tensor, a AttentionArgs) Tensor {
	require(q.Rank() == 4 && k.Rank() == 4 && v.Rank() == 4 && q.Dim(0) == k.Dim(0) && k.Dim(0) == v.Dim(0) &&
		k.Dim(1) == v.Dim(1) && q.Dim(2) == k.Dim(2) && k.Dim(2) == v.Dim(2) && q.Dim(3) == k.Dim(3), "Attention", q, k, v)
	if dst.IsZero() {
		dst = s.New(q.Dim(0), q.Dim(1), q.Dim(2)*v.Dim(3))
	}
	require(dst.Rank() == 3 && dst.Dim(0) == q.Dim(0) && dst.Dim(1) == q.Dim(1) && dst.Dim(2) == q.Dim(2)*v.Dim(3),
		"Attention", dst, q, v)
	b := a.Bias
	require(b.IsZero() || b.Rank() == 3 && b.Dim(0) == q.Dim(2) && b.Dim(1) == q.Dim(1) && b.Dim(2) == k.Dim(1),
		"Attention", q, k, b)
	if s.enter("Attention", dst, q, k, v, b) {
		s.b.Attention(dst, q, k, v, a)
	}
	return dst
}

// DeformAttention samples v [B, Rows·Cols, H, D] at learned offsets: see [Kernels]. A zero dst is allocated.
func (s *Stream) DeformAttention(dst, v, offsets, logits Tensor, a DeformArgs) Tensor {
	require(v.Rank() == 4 && v.Dim(1) == a.Rows*a.Cols && offsets.Rank() == 3 && logits.Rank() == 3, "DeformAttention", v, offsets, logits)
	b, l, h := v.Dim(0), v.Dim(1), v.Dim(2)
	require(offsets.Dim(0) == b && offsets.Dim(1) == l && offsets.Dim(2) == 2*h*a.Points &&
		logits.Dim(0) == b && logits.Dim(1) == l && logits.Dim(2) == h*a.Points, "DeformAttention", v, offsets, logits)
	if dst.IsZero() {
		dst = s.New(b, l, h*v.Dim(3))
	}
	require(dst.Rank() == 3 && dst.Dim(0) == b && dst.Dim(1) == l && dst.Dim(2) == h*v.Dim(3), "DeformAttention", dst, v)
	if s.enter("DeformAttention", dst, v, offsets, logits) {
		s.b.DeformAttention(dst, v, offsets, logits, a)
	}
	return dst
}

// Rope rotates neighbouring pairs of x [B, L, H, D] in place by angles given as cos, sin [L, D/2].
func (s *Stream) Rope(x, cos, sin Tensor) {
	require(x.Rank() == 4 && cos.Rank() == 2 && cos.Dim(0) == x.Dim(1) && 2*cos.Dim(1) == x.Dim(3) && cos.SameShape(sin),
		"Rope", x, cos, sin)
	if s.enter("Rope", x, cos, sin) {
		s.b.Rope(x, cos, sin)
	}
}
