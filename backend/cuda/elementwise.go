package cuda

import "github.com/faceclip-go/faceclip-go/backend"

// An elementwise mirrors Elementwise in kernels/elementwise.cu.
type elementwise struct {
	dst, a, b   operand
	tiling      tiling
	alpha, beta float32
	act         int32
}

// Act computes dst = f(x).
func (b *Backend) Act(dst, x Tensor, f backend.Act) {
	b.elementwise("act", elementwise{act: int32(f)}, dst, x)
}

// Glu computes dst = x·f(y).
func (b *Backend) Glu(dst, x, y Tensor, f backend.Act) {
	b.elementwise("glu", elementwise{act: int32(f)}, dst, x, y)
}

// Add computes dst = x + y, repeating y along the leading dimensions that it lacks.
func (b *Backend) Add(dst, x, y Tensor) { b.elementwise("add", elementwise{}, dst, x, y) }

// Lincomb computes dst = alpha·x + beta·y.
func (b *Backend) Lincomb(dst Tensor, alpha float32, x Tensor, beta float32, y Tensor) {
	b.elementwise("lincomb", elementwise{alpha: alpha, beta: beta}, dst, x, y)
}

// Copy copies src to dst, converting among F32, F16 and BF16.
func (b *Backend) Copy(dst, src Tensor) { b.elementwise("copy", elementwise{}, dst, src) }

// elementwise runs a kernel on dst and one or two other tensors.
func (b *Backend) elementwise(kernel string, args elementwise, ts ...Tensor) {
	ops, tiling := b.operands(ts...)
	args.dst, args.a, args.tiling = ops[0], ops[1], tiling
	if len(ops) > 2 {
		args.b = ops[2]
	}
	launch(b, kernel, tiling.grid(), threads, 0, &args)
}
