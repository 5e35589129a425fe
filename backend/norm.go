package backend

// LayerNorm normalises x over its last dimension. A zero dst is allocated; dst may be x.
func (s *Stream) LayerNorm(dst, x Tensor, a NormArgs) Tensor {
	return s.norm("LayerNorm", dst, x, a, Kernels.LayerNorm)
}

// RMSNorm divides x by its root mean square over the last dimension. A zero dst is allocated; dst may be x.
func (s *Stream) RMSNorm(dst, x Tensor, a NormArgs) Tensor {
	return s.norm("RMSNorm", dst, x, a, Kernels.RMSNorm)
}

// GroupNorm normalises x [B, ..., C] over groups of channels and all positions, then applies an activation.
// A zero dst is allocated; dst may be x.
func (s *Stream) GroupNorm(dst, x Tensor, a NormArgs) Tensor {
	return s.norm("GroupNorm", dst, x, a, Kernels.GroupNorm)
}

func (s *Stream) norm(op string, dst, x Tensor, a NormArgs, kernel func(k Kernels, dst, x Tensor, a NormArgs)) Tensor {
	c := s.begin(op)
	c.activation("x", x)
	dst = c.like(dst, x)
	c.norm(x, a, op == "GroupNorm")
	c.require(op != "RMSNorm" || a.Beta.IsZero() && !a.PlusOne)
	if c.runs(x) {
		kernel(s.b, dst, x, a)
	}
	return dst
}

// norm takes the vectors of a norm of x, and checks that the options are those of its kind: of groups of channels or not.
func (c *call) norm(x Tensor, a NormArgs, groups bool) {
	c.require(x.Rank() >= 2)
	if groups {
		c.require(a.Groups > 0 && x.Dim(-1) <= MaxChannels && x.Dim(-1)%a.Groups == 0 && !a.PlusOne && a.Act.valid())
	} else {
		c.require(a.Groups == 0 && a.Act == None)
	}
	c.vector("gamma", a.Gamma, x.Dim(0), x.Dim(-1))
	c.vector("beta", a.Beta, x.Dim(0), x.Dim(-1))
}
