package cuda

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A heads mirrors Heads of kernels/attention.cuh: q, k or v.
type heads struct {
	data             driver.Ptr
	batch, row, head int64 // strides
}

// An attentionArgs mirrors AttentionArgs of kernels/attention.cuh.
type attentionArgs struct {
	dst                 driver.Ptr
	batch, row          int64
	q, k, v             heads
	bias                driver.Ptr
	biasHead, biasRow   int64
	queries, keys       int32
	d, dv               int32
	scale               float32
	causal              int32
	each                int32 // queries of a block
	wideQ, wideK, wideV int32 // rows begin at multiples of 16 bytes
}

// Attention computes softmax(q·kᵀ·scale + bias)·v of each head.
func (b *Backend) Attention(dst, q, k, v Tensor, a backend.AttentionArgs) {
	args := attentionArgs{
		dst: b.address(dst), batch: int64(dst.Stride(0)), row: int64(dst.Stride(1)),
		q: b.heads(q), k: b.heads(k), v: b.heads(v),
		queries: int32(q.Dim(1)), keys: int32(k.Dim(1)), d: int32(q.Dim(3)), dv: int32(v.Dim(3)),
		scale: a.Scale, causal: bit(a.Causal), wideQ: bit(b.wide(q)), wideK: bit(b.wide(k)), wideV: bit(b.wide(v)),
	}
	if !a.Bias.IsZero() {
		args.bias, args.biasHead, args.biasRow = b.address(a.Bias), int64(a.Bias.Stride(0)), int64(a.Bias.Stride(1))
	}
	p := b.attentionFor(q, v)
	args.each = int32(p.queries)
	launch(b, p.kernel, [3]int{p.blocks(q), q.Dim(2), q.Dim(0)}, p.threads, p.shared, &args)
}

func (b *Backend) heads(t Tensor) heads {
	return heads{b.address(t), int64(t.Stride(0)), int64(t.Stride(1)), int64(t.Stride(2))}
}

// wide reports whether each row of each head of t begins at a multiple of 16 bytes.
func (b *Backend) wide(t Tensor) bool {
	return rowsOf(b.address(t), t).begin(tileBytes, t.DType().Size())
}

// An attentionPlan is how a call of attention is cut into thread blocks.
type attentionPlan struct {
	kernel          string
	queries         int // of a block
	threads, shared int
}

func (p attentionPlan) blocks(q Tensor) int { return parts(q.Dim(1), p.queries) }

// attentionFor chooses among the kernels by the shape alone.
func (b *Backend) attentionFor(q, v Tensor) attentionPlan {
	d := max(q.Dim(3), v.Dim(3))
	if q.DType() != tensor.BF16 || d > 512 {
		return plainAttention(q, v)
	}
	if d > 128 {
		return wideAttention(d)
	}
	large, small := flash("large64", 64, 128, 64), flash("small64", 64, 64, 64)
	if d > 64 {
		large, small = flash("large128", 128, 128, 48), flash("small128", 128, 64, 64)
	}
	if large.blocks(q)*q.Dim(2)*q.Dim(0) >= b.multiprocessors {
		return large
	}
	return small
}

// flash is a kernel of kernels/attention.cu: heads have at most d numbers, keys pass by so many at a time.
func flash(name string, d, queries, keys int) attentionPlan {
	return attentionPlan{"attention_" + name + "_bf16", queries, 128, (queries + 2*keys) * d * 2}
}

// wideAttention is a kernel of kernels/attention_wide.cu, of a warp for each 64 numbers of heads of d.
func wideAttention(d int) attentionPlan {
	const queries, keys, slice, pitch = 64, 16, 64, 24
	warps := parts(d, slice)
	floats := warps*queries*pitch + 3*queries
	return attentionPlan{"attention_wide_bf16", queries, 32 * warps, 2*keys*warps*slice*2 + queries*keys*2 + floats*4}
}

// plainAttention is a kernel of kernels/attention_plain.cu, which has queries and their sums in shared memory.
func plainAttention(q, v Tensor) attentionPlan {
	const keys, most, slice, room = 64, 16, 32, 1 << 14
	d := q.Dim(3) + v.Dim(3)
	each := max(1, min(most, room/max(1, d)))
	floats := keys*most + keys*(slice+1) + 3*most + each*d
	return attentionPlan{"attention_plain_" + q.DType().String(), each, 256, floats * 4}
}
