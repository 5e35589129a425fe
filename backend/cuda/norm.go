package cuda

import "github.com/faceclip-go/faceclip-go/backend"

// A norm mirrors Norm in kernels/norm.cu.
type norm struct {
	dst, x                            rows
	gamma, beta                       vector
	rows, item, width, lanes, plusOne int32
	eps                               float32
}

// LayerNorm computes (x - mean)/√(var + eps)·γ + β over the last dimension.
func (b *Backend) LayerNorm(dst, x Tensor, a backend.NormArgs) { b.norm("layernorm", dst, x, a) }

// RMSNorm computes x/√(mean(x²) + eps)·γ over the last dimension.
func (b *Backend) RMSNorm(dst, x Tensor, a backend.NormArgs) { b.norm("rmsnorm", dst, x, a) }

// wide is the number of elements from which on a row takes a block of threads; others take a warp.
const wide = 1024

func (b *Backend) norm(kernel string, dst, x Tensor, a backend.NormArgs) {
	args := norm{
		dst: b.rows(dst), x: b.rows(x), gamma: b.vector(a.Gamma), beta: b.vector(a.Beta),
		rows: int32(x.Rows()), item: int32(x.Rows() / x.Dim(0)), width: int32(x.Dim(-1)), lanes: 32,
		plusOne: bit(a.PlusOne), eps: a.Eps,
	}
	if args.width >= wide {
		args.lanes = threads
	}
	launch(b, kernel+suffix(x), [3]int{parts(x.Rows(), threads/int(args.lanes)), 1, 1}, threads, 0, &args)
}
