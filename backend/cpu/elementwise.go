package cpu

import "github.com/faceclip-go/faceclip-go/backend"

// An elementwise operation computes each line of dst from those of x and of y, if there is one. Rows of y repeat.
type elementwise struct {
	b           *Backend
	dst, x, y   lines
	act         func(dst, x []float32)
	widen       func(dst []float32, src []uint16)
	narrow      func(dst []uint16, src []float32)
	alpha, beta float32
	line        func(e *elementwise, worker, i int) // computes line i
}

func (e *elementwise) do(worker, i int) { e.line(e, worker, i) }

// each does e for all lines of the operands.
func (b *Backend) each(dst, x, y backend.Tensor, e elementwise) {
	one := flat(dst, x, y)
	e.b, e.dst, e.x, e.y = b, linesOf(dst, one), linesOf(x, one), linesOf(y, one)
	b.elementwise = e
	defer forget(&b.elementwise)
	b.share(e.dst.rows*e.dst.cuts, min(e.dst.width, span), &b.elementwise)
}

// Act computes dst = f(x).
func (b *Backend) Act(dst, x backend.Tensor, f backend.Act) {
	b.each(dst, x, backend.Tensor{}, elementwise{act: b.k.Act[f], line: func(e *elementwise, _, i int) {
		e.act(e.dst.f32(i), e.x.f32(i))
	}})
}

// Glu computes dst = p·f(q).
func (b *Backend) Glu(dst, p, q backend.Tensor, f backend.Act) {
	b.each(dst, p, q, elementwise{act: b.k.Act[f], line: func(e *elementwise, worker, i int) {
		q := e.y.f32(i)
		gate := e.b.space(worker)[:len(q)]
		e.act(gate, q)
		e.b.k.Mul(e.dst.f32(i), e.x.f32(i), gate)
	}})
}

// Add computes dst = x + y, repeating y along the leading dimensions that it lacks.
func (b *Backend) Add(dst, x, y backend.Tensor) {
	if y.Len() == 1 && x.Len() > 1 {
		b.addScalar(dst, x, elements[float32](y)[0])
		return
	}
	b.each(dst, x, y, elementwise{line: func(e *elementwise, _, i int) {
		e.b.k.Add(e.dst.f32(i), e.x.f32(i), e.y.f32(i))
	}})
}

// addScalar computes dst = x + y.
func (b *Backend) addScalar(dst, x backend.Tensor, y float32) {
	b.each(dst, x, backend.Tensor{}, elementwise{alpha: y, line: func(e *elementwise, _, i int) {
		dst := e.dst.f32(i)
		e.b.k.Lincomb(dst, 1, e.x.f32(i), e.alpha, ones[:len(dst)])
	}})
}

// Lincomb computes dst = alpha·x + beta·y.
func (b *Backend) Lincomb(dst backend.Tensor, alpha float32, x backend.Tensor, beta float32, y backend.Tensor) {
	b.each(dst, x, y, elementwise{alpha: alpha, beta: beta, line: func(e *elementwise, _, i int) {
		e.b.k.Lincomb(e.dst.f32(i), e.alpha, e.x.f32(i), e.beta, e.y.f32(i))
	}})
}
