package backend

// Conv2D is the cross-correlation of x [B, H, W, I] with w [O, kh, kw, I]: see [Kernels]. A zero dst is allocated.
func (s *Stream) Conv2D(dst, x, w Tensor, a ConvArgs) Tensor {
	require(x.Rank() == 4 && w.Rank() == 4 && w.Compact() && x.Dim(3) == w.Dim(3) && weight(w), "Conv2D", x, w)
	require(a.Stride == 1 || a.Stride == 2, "Conv2D: stride", x, w)
	h, wd := x.Dim(1), x.Dim(2)
	if up := a.Upsample; up != [2]int{} {
		require(up[0] <= 2*h && up[0] > 2*h-2 && up[1] <= 2*wd && up[1] > 2*wd-2, "Conv2D: upsample", x, w)
		h, wd = up[0], up[1]
	}
	oh := (h+a.Pad[0]+a.Pad[2]-w.Dim(1))/a.Stride + 1
	ow := (wd+a.Pad[1]+a.Pad[3]-w.Dim(2))/a.Stride + 1
	if dst.IsZero() {
		dst = s.New(x.Dim(0), oh, ow, w.Dim(0))
	}
	require(dst.Rank() == 4 && dst.Dim(0) == x.Dim(0) && dst.Dim(1) == oh && dst.Dim(2) == ow && dst.Dim(3) == w.Dim(0) &&
		dst.DType() == x.DType(), "Conv2D", dst, x, w)
	require(vector(a.Bias, x.Dim(0), w.Dim(0)), "Conv2D", dst, x, w, a.Bias)
	if a.Norm.Groups > 0 {
		requireNorm("Conv2D", x, a.Norm)
		require(x.Dim(3)%a.Norm.Groups == 0, "Conv2D: groups", x, w)
	}
	if s.enter("Conv2D", dst, x, w, a.Bias, a.Norm.Gamma, a.Norm.Beta) {
		s.b.Conv2D(dst, x, w, a)
	}
	return dst
}
