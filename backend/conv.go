package backend

// Conv2D is the cross-correlation of x [B, H, W, I] with w [O, kh, kw, I]: see [Kernels]. A zero dst is allocated.
func (s *Stream) Conv2D(dst, x Tensor, w Weight, a ConvArgs) Tensor {
	c := s.begin("Conv2D")
	c.activation("x", x)
	c.weight(w)
	m := w.Matrix
	c.require(x.Rank() == 4 && m.Rank() == 4 && m.Compact() && x.Dim(3) == m.Dim(3) && (a.Stride == 1 || a.Stride == 2))
	c.require(min(m.Dim(1), m.Dim(2), m.Dim(3)) > 0 && max(m.Dim(1), m.Dim(2)) <= MaxKernel && (!a.Add || !dst.IsZero()))
	c.require(m.Dim(3) <= MaxTerms/(m.Dim(1)*m.Dim(2)))
	rows, cols := x.Dim(1), x.Dim(2)
	if up := a.Upsample; up != [2]int{} {
		c.require(min(rows, cols) > 0 && up[0] <= 2*rows && up[0] > 2*rows-2 && up[1] <= 2*cols && up[1] > 2*cols-2)
		rows, cols = up[0], up[1]
	}
	for i, p := range a.Pad {
		c.require(p >= 0 && p <= m.Dim(1+i%2))
	}
	rows, cols = rows+a.Pad[0]+a.Pad[2]-m.Dim(1), cols+a.Pad[1]+a.Pad[3]-m.Dim(2)
	c.require(min(rows, cols) >= 0)
	rows, cols = rows/a.Stride+1, cols/a.Stride+1
	dst = c.result(dst, x.DType(), x.Dim(0), rows, cols, w.Outputs())
	c.require(dst.Rank() == 4 && dst.Dim(0) == x.Dim(0) && dst.Dim(1) == rows && dst.Dim(2) == cols && dst.Dim(3) == w.Outputs())
	c.vector("bias", a.Bias, x.Dim(0), w.Outputs())
	if a.Norm.Groups != 0 {
		c.norm(x, a.Norm, true)
	} else {
		c.require(a.Norm == NormArgs{Eps: a.Norm.Eps})
	}
	c.computes(a.Compute)
	a.Compute = s.compute(a.Compute)
	c.flops(2, dst.Len(), m.Dim(1), m.Dim(2), m.Dim(3))
	defer s.Release(s.Mark())
	normed := Tensor{}
	if a.Norm.Groups != 0 && !s.b.FusesNorm() {
		normed = s.likeOf(x.DType(), x)
	}
	if c.runs() {
		s.conv2D(dst, x, normed, w, a)
	}
	return dst
}

// conv2D computes the norm apart if there is a place for what it gives.
func (s *Stream) conv2D(dst, x, normed Tensor, w Weight, a ConvArgs) {
	if !normed.IsZero() {
		s.b.GroupNorm(normed, x, a.Norm)
		x, a.Norm = normed, NormArgs{}
	}
	s.b.Conv2D(dst, x, w, a)
}
