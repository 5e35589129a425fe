package cuda

// A rope mirrors Rope in kernels/rope.cu.
type rope struct {
	x, cos, sin   rows
	tiling        tiling
	tokens, heads int32
}

// Rope rotates neighbouring pairs of x [B, L, H, D] by angles given as cos, sin [L, D/2].
func (b *Backend) Rope(x, cos, sin Tensor) {
	args := rope{
		x: b.rows(x), cos: b.rows(cos), sin: b.rows(sin),
		tiling: tilingOf(x.Rows(), x.Dim(3)), tokens: int32(x.Dim(1)), heads: int32(x.Dim(2)),
	}
	launch(b, "rope"+suffix(x), args.tiling.grid(), threads, 0, &args)
}
