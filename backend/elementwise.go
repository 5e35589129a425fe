package backend

import "github.com/faceclip-go/faceclip-go/tensor"

// Act computes f(x). A zero dst is allocated; dst may be x.
func (s *Stream) Act(dst, x Tensor, f Act) Tensor {
	c := s.begin("Act")
	c.activation("x", x)
	dst = c.like(dst, x)
	c.require(f.valid())
	if c.runs(x) {
		s.b.Act(dst, x, f)
	}
	return dst
}

// Glu computes a·f(b). A zero dst is allocated; dst may be a or b.
func (s *Stream) Glu(dst, a, b Tensor, f Act) Tensor {
	c := s.begin("Glu")
	c.activation("a", a)
	c.operand("b", b, a.DType())
	dst = c.like(dst, a)
	c.require(a.SameShape(b) && f.valid())
	if c.runs(a, b) {
		s.b.Glu(dst, a, b, f)
	}
	return dst
}

// Add computes a + b; b may lack leading dimensions of a, or have them be 1. A zero dst is allocated; dst may be a.
func (s *Stream) Add(dst, a, b Tensor) Tensor {
	c := s.begin("Add")
	c.activation("a", a)
	c.operand("b", b, a.DType())
	dst = c.like(dst, a)
	c.require(broadcasts(b, a))
	if c.runs(a) {
		s.b.Add(dst, a, b)
	}
	return dst
}

// broadcasts reports whether b, padded in front with dimensions of 1, equals a from some axis on and is 1 before it.
func broadcasts(b, a Tensor) bool {
	if b.Rank() > a.Rank() {
		return false
	}
	leading := false
	for i := 1; i <= b.Rank(); i++ {
		same := b.Dim(-i) == a.Dim(-i)
		if leading && b.Dim(-i) != 1 || !same && b.Dim(-i) != 1 {
			return false
		}
		leading = leading || !same
	}
	return true
}

// Lincomb computes alpha·a + beta·b, each F32 or of the type of activations, as dst is. A zero dst is allocated, of the type of a;
// dst may be a or b.
func (s *Stream) Lincomb(dst Tensor, alpha float32, a Tensor, beta float32, b Tensor) Tensor {
	c := s.begin("Lincomb")
	c.activation("a", a)
	c.activation("b", b)
	if dst.IsZero() {
		dst = s.likeOf(a.DType(), a)
	}
	c.written("dst", dst, s.types.Act, tensor.F32)
	c.require(a.SameShape(b) && dst.SameShape(a))
	if c.runs(a, b) {
		s.b.Lincomb(dst, alpha, a, beta, b)
	}
	return dst
}

// Gather returns the rows ids [...] (I32) of table [N, D] as [..., D], F32 or activations. A zero dst is allocated as activations.
func (s *Stream) Gather(dst, table, ids Tensor) Tensor {
	c := s.begin("Gather")
	c.operand("table", table, floats...)
	c.operand("ids", ids, tensor.I32)
	c.require(table.Rank() == 2 && ids.Rank() < tensor.MaxRank)
	var room [tensor.MaxRank]int
	if dst.IsZero() {
		dst = s.New(append(ids.AppendShape(room[:0]), table.Dim(1))...)
	}
	c.written("dst", dst, s.types.Act, tensor.F32)
	c.require(dst.Rank() > 0 && dst.Dim(-1) == table.Dim(1) && dst.Rows() == ids.Len())
	if c.runs() {
		s.b.Gather(dst, table, ids)
	}
	return dst
}

// Activations returns x as activations: itself, or a new tensor if it has another type.
func (s *Stream) Activations(x Tensor) Tensor {
	if x.DType() == s.types.Act {
		return x
	}
	return s.Copy(Tensor{}, x)
}

// Copy copies src, converting its element type to that of dst, among F32, F16 and BF16. A zero dst is allocated as
// activations.
func (s *Stream) Copy(dst, src Tensor) Tensor {
	c := s.begin("Copy")
	c.operand("src", src, floats...)
	if dst.IsZero() {
		dst = s.Like(src)
	}
	c.written("dst", dst, floats...)
	c.require(dst.SameShape(src))
	if c.runs() {
		s.b.Copy(dst, src)
	}
	return dst
}
