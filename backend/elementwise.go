package backend

import "github.com/faceclip-go/faceclip-go/tensor"

// Act computes f(x). A zero dst is allocated; dst may be x.
func (s *Stream) Act(dst, x Tensor, f Act) Tensor {
	if dst.IsZero() {
		dst = s.like(x)
	}
	require(dst.SameShape(x), "Act", dst, x)
	if s.enter("Act", dst, x) {
		s.b.Act(dst, x, f)
	}
	return dst
}

// Glu computes a·f(b). A zero dst is allocated; dst may be a or b.
func (s *Stream) Glu(dst, a, b Tensor, f Act) Tensor {
	if dst.IsZero() {
		dst = s.like(a)
	}
	require(dst.SameShape(a) && a.SameShape(b), "Glu", dst, a, b)
	if s.enter("Glu", dst, a, b) {
		s.b.Glu(dst, a, b, f)
	}
	return dst
}

// Add computes a + b; b may lack leading dimensions of a, or have them be 1. A zero dst is allocated; dst may be a.
func (s *Stream) Add(dst, a, b Tensor) Tensor {
	if dst.IsZero() {
		dst = s.like(a)
	}
	require(dst.SameShape(a) && broadcasts(b, a), "Add", dst, a, b)
	if s.enter("Add", dst, a, b) {
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

// Lincomb computes alpha·a + beta·b. A zero dst is allocated; dst may be a or b.
func (s *Stream) Lincomb(dst Tensor, alpha float32, a Tensor, beta float32, b Tensor) Tensor {
	if dst.IsZero() {
		dst = s.like(a)
	}
	require(dst.SameShape(a) && a.SameShape(b), "Lincomb", dst, a, b)
	if s.enter("Lincomb", dst, a, b) {
		s.b.Lincomb(dst, alpha, a, beta, b)
	}
	return dst
}

// Gather returns the rows ids [...] (I32) of table [N, D] as [..., D]. A zero dst is allocated.
func (s *Stream) Gather(dst, table, ids Tensor) Tensor {
	require(table.Rank() == 2 && ids.DType() == tensor.I32 && ids.Rank() < tensor.MaxRank && weight(table), "Gather", table, ids)
	if dst.IsZero() {
		dst = s.New(append(ids.Shape(), table.Dim(1))...)
	}
	require(dst.Dim(-1) == table.Dim(1) && dst.Rows() == ids.Len(), "Gather", dst, table, ids)
	if s.enter("Gather", dst, table, ids) {
		s.b.Gather(dst, table, ids)
	}
	return dst
}

// Copy copies src, converting its element type to that of dst. A zero dst is allocated as activations.
func (s *Stream) Copy(dst, src Tensor) Tensor {
	if dst.IsZero() {
		dst = s.New(src.Shape()...)
	}
	require(dst.SameShape(src) && weight(dst) && weight(src), "Copy", dst, src)
	if s.enter("Copy", dst, src) {
		s.b.Copy(dst, src)
	}
	return dst
}
