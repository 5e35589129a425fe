package cuda

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// A groupNorm mirrors GroupNorm in kernels/groupnorm.cu, where its fields are explained.
type groupNorm struct {
	dst, x                   rows
	gamma, beta              vector
	moments, norms           driver.Ptr
	positions, chunks, chunk int32
	groups, group            int32
	pieces, cell             int32
	tiles, tile              int32
	lanes, act               int32
	eps                      float32
}

const (
	momentsBytes = 12 // of a part
	normBytes    = 8  // of a group

	perThread = 4       // positions that are worth a thread
	manyTiles = 1 << 10 // of all chunks of a batch item: more blocks would not run at once
	manyParts = 1 << 17 // of all chunks of a batch item
)

// GroupNorm normalises x [B, ..., C] over groups of channels and all positions of a batch item, then computes act(·γ + β).
func (b *Backend) GroupNorm(dst, x Tensor, a backend.NormArgs) {
	batch, channels := x.Dim(0), x.Dim(-1)
	args := groupNorm{
		dst: b.rows(dst), x: b.rows(x), gamma: b.vector(a.Gamma), beta: b.vector(a.Beta),
		groups: int32(a.Groups), group: int32(channels / a.Groups), act: int32(a.Act), eps: a.Eps,
	}
	args.share(x.Rows() / batch)
	sums := batch * int(args.chunks*args.groups*args.pieces) * momentsBytes
	args.norms = b.workspace(batch*a.Groups*normBytes + sums)
	args.moments = args.norms + driver.Ptr(batch*a.Groups*normBytes)
	blocks := [3]int{batch * int(args.chunks*args.tiles), 1, 1}
	launch(b, "groupnorm_moments"+suffix(x), blocks, threads, 0, &args)
	launch(b, "groupnorm_merge", [3]int{batch * a.Groups, 1, 1}, 32, 0, &args)
	launch(b, "groupnorm_apply"+suffix(x), blocks, threads, 0, &args)
}

// share cuts the channels and the positions of a batch item for blocks. It does not look at the batch, on which results do not
// depend.
func (n *groupNorm) share(positions int) {
	const held = threads * eight // channels
	groups, group := int(n.groups), int(n.group)
	cell, pieces, tile := group, 1, 1
	if group > held {
		cell, pieces = held, parts(group, held)
	} else {
		tile = parts(groups, parts(groups, held/group))
	}
	tiles, lanes := parts(groups*pieces, tile), parts(tile*cell, eight)
	chunks := min(parts(positions, threads/lanes*perThread), max(1, manyTiles/tiles), max(1, manyParts/(groups*pieces)))
	chunk := parts(positions, chunks)
	n.cell, n.pieces, n.tile, n.tiles, n.lanes = int32(cell), int32(pieces), int32(tile), int32(tiles), int32(lanes)
	n.positions, n.chunk, n.chunks = int32(positions), int32(chunk), int32(parts(positions, chunk))
}
