package backend

import (
	"fmt"
	"slices"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A call is an operation on its way through the Stream. Every operand is checked here, and nowhere below: it is there, has
// one of the types that the operation states, is alive, and lies in memory that the device reaches. What is wrong is a
// mistake of the program, and panics.
type call struct {
	s  *Stream
	op string
	n  int // operands so far, which s.operands holds
	at int // which of them is written to

	weights int // how many there were with the weights, if there are any
}

// floats are the element types that every kernel reads as weights.
var floats = []tensor.DType{tensor.F32, tensor.F16, tensor.BF16}

// begin begins an operation.
func (s *Stream) begin(op string) *call {
	clear(s.operands[:])
	s.call = call{s: s, op: op}
	return &s.call
}

// operand takes t, which messages call name.
func (c *call) operand(name string, t Tensor, types ...tensor.DType) {
	c.s.operands[c.n] = t
	c.n++
	switch {
	case t.IsZero():
		c.refuse(name, t, fmt.Sprintf("given beside %v", c.s.operands[:c.n-1]))
	case !slices.Contains(types, t.DType()):
		c.refuse(name, t, fmt.Sprintf("is not of %v", slices.Clone(types)))
	case t.Mem == c.s.mem && t.Len() > 0 && t.Offset()+t.Extent() > c.s.top:
		c.refuse(name, t, "was released")
	case c.s.cost == nil && !c.s.b.Reaches(t):
		c.refuse(name, t, "is not in memory that "+c.s.b.Name()+" reaches, or was released")
	}
}

// activation takes an operand of the stream's type, or of F32, which all else that is not a weight has.
func (c *call) activation(name string, t Tensor) { c.operand(name, t, c.s.types.Act, tensor.F32) }

// optional takes t if it is there.
func (c *call) optional(name string, t Tensor, types ...tensor.DType) {
	if !t.IsZero() {
		c.operand(name, t, types...)
	}
}

// vector takes v if it is there: F32 [n] or, one for each of batch items, [batch, n].
func (c *call) vector(name string, v Tensor, batch, n int) {
	c.optional(name, v, tensor.F32)
	c.require(v.IsZero() || v.Rank() == 1 && v.Dim(0) == n || v.Rank() == 2 && v.Dim(0) == batch && v.Dim(1) == n)
}

// weight takes w, whose matrix has one of the types, or I8 with a scale for each output.
func (c *call) weight(w Weight) {
	c.operand("w", w.Matrix, tensor.F32, tensor.F16, tensor.BF16, tensor.I8)
	c.weights = c.n
	c.require(w.Matrix.Rank() >= 2)
	switch {
	case w.Matrix.DType() == tensor.I8:
		c.operand("the scale of w", w.Scale, tensor.F32)
		c.require(w.Scale.Rank() == 1 && w.Scale.Dim(0) == w.Outputs())
	case !w.Scale.IsZero():
		c.refuse("the scale of w", w.Scale, fmt.Sprintf("is for weights of %v", tensor.I8))
	}
}

// result takes dst, which has the given type; it is allocated with these dimensions if it is zero. It may have others of
// as many elements, which the operation then checks.
func (c *call) result(dst Tensor, dt tensor.DType, dims ...int) Tensor {
	if dst.IsZero() {
		dst = c.s.NewOf(dt, dims...)
	}
	c.written("dst", dst, dt)
	return dst
}

// written takes an operand that the operation writes to.
func (c *call) written(name string, t Tensor, types ...tensor.DType) {
	c.at = c.n
	c.operand(name, t, types...)
	if t.Mem != nil && t.Mem.File != "" {
		c.refuse(name, t, "is in a file, which is only read")
	}
}

// like is result for a dst that has the type and the shape of x.
func (c *call) like(dst, x Tensor) Tensor {
	var room [tensor.MaxRank]int
	dst = c.result(dst, x.DType(), x.AppendShape(room[:0])...)
	c.require(dst.SameShape(x))
	return dst
}

// computes takes what a product asks to be computed in.
func (c *call) computes(dt tensor.DType) {
	c.require(dt == 0 || dt == tensor.F32 || dt == tensor.BF16 || dt == tensor.I8)
}

// require panics unless ok: the shapes of the operands, or the options, do not go together.
func (c *call) require(ok bool) {
	if !ok {
		panic(fmt.Sprintf("backend: %s: operands do not fit: %v", c.op, c.s.operands[:c.n]))
	}
}

func (c *call) refuse(name string, t Tensor, why string) {
	panic(fmt.Sprintf("backend: %s: %s %v %s", c.op, name, t, why))
}

// runs ends the checks: what is written is no copy of a device's, and overlaps none of the operands, unless it is one of those given.
// It reports whether the operation is to run: it is not once the context of Do has ended, where it is measured, and if there is
// nothing to compute.
func (c *call) runs(inPlace ...Tensor) bool {
	dst := c.s.operands[c.at]
	for i, t := range c.s.operands[:c.n] {
		if i != c.at && overlap(dst, t) && (t != dst || !slices.Contains(inPlace, t)) {
			c.refuse("dst", dst, fmt.Sprintf("overlaps %v", t))
		}
	}
	if _, copies := c.s.b.(Holder); copies && dst.Mem != nil && dst.Mem.Host != nil {
		c.refuse("dst", dst, "is in memory of the host, of which "+c.s.b.Name()+" has copies")
	}
	if c.s.cost != nil {
		if c.s.stop.Load() {
			panic(givenUp{})
		}
		c.s.cost.Calls[c.op]++
		c.s.cost.Bytes = Sum(c.s.cost.Bytes, c.bytes())
		return false
	}
	return dst.Len() > 0 && !c.s.stop.Load()
}

// overlap reports whether two views share elements. Columns side by side do not, though their rows interleave; of views that
// are laid out in still other ways it does not know.
func overlap(a, b Tensor) bool {
	if a.Mem != b.Mem || a.Mem == nil || a.Offset() >= b.Offset()+b.Extent() || b.Offset() >= a.Offset()+a.Extent() {
		return false
	}
	widthA, pitchA := rowBytes(a)
	widthB, pitchB := rowBytes(b)
	pitch := max(pitchA, pitchB)
	switch {
	case pitch == 0:
		return true
	case pitchA < 0 || pitchB < 0 || pitchA > 0 && pitchB > 0 && pitchA != pitchB:
		return false
	}
	between := ((b.Offset()-a.Offset())%pitch + pitch) % pitch
	return between < widthA || between+widthB > pitch
}

// rowBytes returns the bytes of adjacent elements, and those from one such row to the next: 0 if there is one, negative if they
// vary.
func rowBytes(t Tensor) (width, pitch int) {
	width = t.DType().Size()
	size, axis := width, t.Rank()-1
	for ; axis >= 0 && (t.Dim(axis) == 1 || t.Stride(axis)*size == width); axis-- {
		width *= t.Dim(axis)
	}
	if axis < 0 {
		return width, 0
	}
	pitch = t.Stride(axis) * size
	for next := pitch * t.Dim(axis); axis > 0; next *= t.Dim(axis) {
		if axis--; t.Dim(axis) > 1 && t.Stride(axis)*size != next {
			return width, -1
		}
	}
	return width, pitch
}
