package backend

func requireNorm(op string, x Tensor, a NormArgs) {
	require(x.Rank() >= 2 && vector(a.Gamma, x.Dim(0), x.Dim(-1)) && vector(a.Beta, x.Dim(0), x.Dim(-1)),
		op, x, a.Gamma, a.Beta)
}

// LayerNorm normalises x over its last dimension. A zero dst is allocated; dst may be x.
func (s *Stream) LayerNorm(dst, x Tensor, a NormArgs) Tensor {
	requireNorm("LayerNorm", x, a)
	return s.norm("LayerNorm", dst, x, a, s.b.LayerNorm)
}

// RMSNorm divides x by its root mean square over the last dimension. A zero dst is allocated; dst may be x.
func (s *Stream) RMSNorm(dst, x Tensor, a NormArgs) Tensor {
	requireNorm("RMSNorm", x, a)
	return s.norm("RMSNorm", dst, x, a, s.b.RMSNorm)
}

// GroupNorm normalises x [B, ..., C] over groups of channels and all positions, then applies an activation.
// A zero dst is allocated; dst may be x.
func (s *Stream) GroupNorm(dst, x Tensor, a NormArgs) Tensor {
	requireNorm("GroupNorm", x, a)
	require(a.Groups > 0 && x.Dim(-1)%a.Groups == 0, "GroupNorm: groups", x)
	return s.norm("GroupNorm", dst, x, a, s.b.GroupNorm)
}

func (s *Stream) norm(op string, dst, x Tensor, a NormArgs, kernel func(dst, x Tensor, a NormArgs)) Tensor {
	if dst.IsZero() {
		dst = s.like(x)
	}
	require(dst.SameShape(x), op, dst, x)
	if s.enter(op, dst, x, a.Gamma, a.Beta) {
		kernel(dst, x, a)
	}
	return dst
}
