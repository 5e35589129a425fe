package nn

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// An Attention is multi-head attention: head h owns the h-th run of columns of queries, keys and values. Causal queries see no later
// key.
type Attention struct {
	Heads   int
	Causal  bool
	compute tensor.DType // F32 if it is exact
}

// Attention returns attention of so many heads.
func (p Params) Attention(heads int) Attention {
	a := Attention{Heads: heads}
	if p.exact {
		a.compute = tensor.F32
	}
	return a
}

// Into stores the attention of q [B, Lq, heads·D] to k [B, Lk, heads·D] and v [B, Lk, heads·Dv], with scores scaled by 1/√D, in dst
// [B, Lq, heads·Dv], which is allocated if zero.
func (a Attention) Into(s *backend.Stream, dst, q, k, v Tensor) Tensor {
	q, k, v = q.Heads(a.Heads), k.Heads(a.Heads), v.Heads(a.Heads)
	scale := float32(1 / math.Sqrt(float64(q.Dim(3))))
	return s.Attention(dst, q, k, v, backend.AttentionArgs{Scale: scale, Causal: a.Causal, Compute: a.compute})
}

// Thirds cuts the last dimension, of size 3·D, into queries, keys and values.
func Thirds(x Tensor) (q, k, v Tensor) {
	d := x.Dim(-1) / 3
	last := x.Rank() - 1
	return x.Slice(last, 0, d), x.Slice(last, d, 2*d), x.Slice(last, 2*d, 3*d)
}
