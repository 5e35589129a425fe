package cuda

import "github.com/faceclip-go/faceclip-go/backend"

// A deform mirrors Deform in kernels/deform.cu.
type deform struct {
	dst, v, offsets, logits rows
	tiling                  tiling
	next                    int64
	heads, mapRows, mapCols int32
	points                  int32
}

// DeformAttention samples v [B, Rows·Cols, H, D] around each token and head: see [backend.Kernels].
func (b *Backend) DeformAttention(dst, v, offsets, logits Tensor, a backend.DeformArgs) {
	heads := v.Dim(2)
	args := deform{
		dst: b.rows(dst.Heads(heads)), v: b.rows(v), offsets: b.rows(offsets.Heads(heads)), logits: b.rows(logits.Heads(heads)),
		tiling: tilingOf(v.Rows(), v.Dim(3)), next: int64(v.Stride(1)),
		heads: int32(heads), mapRows: int32(a.Rows), mapCols: int32(a.Cols), points: int32(a.Points),
	}
	launch(b, "deform"+suffix(v), args.tiling.grid(), threads, 0, &args)
}
