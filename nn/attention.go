package nn

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
)

// Attend is multi-head attention of q [B, Lq, heads·D] to k [B, Lk, heads·D] and v [B, Lk, heads·Dv], with scores
// scaled by 1/√D, into dst [B, Lq, heads·Dv], which is allocated if zero. Head h owns the h-th run of columns.
func Attend(s *backend.Stream, dst, q, k, v Tensor, heads int, causal bool) Tensor {
	q, k, v = q.Heads(heads), k.Heads(heads), v.Heads(heads)
	scale := float32(1 / math.Sqrt(float64(q.Dim(3))))
	return s.Attention(dst, q, k, v, backend.AttentionArgs{Scale: scale, Causal: causal})
}

// Thirds cuts the last dimension, of size 3·D, into queries, keys and values.
func Thirds(x Tensor) (q, k, v Tensor) {
	d := x.Dim(-1) / 3
	last := x.Rank() - 1
	return x.Slice(last, 0, d), x.Slice(last, d, 2*d), x.Slice(last, 2*d, 3*d)
}
