package cuda

import (
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A gather mirrors Gather in kernels/gather.cu.
type gather struct {
	dst, table operand
	ids        rows
	fault      driver.Ptr
	tiling     tiling
	rows       int32
}

// Gather copies rows of table [N, D] to dst [..., D]. Of an id that is not in [0, N) Sync tells.
func (b *Backend) Gather(dst, table, ids Tensor) {
	if ids.Rank() == 0 {
		ids = ids.Reshape(1)
	}
	to := table.DType()
	if dst.DType() == tensor.BF16 { // rounded before or after: it is the same, and less to keep
		to = tensor.BF16
	}
	args := gather{
		dst:    operand{b.rows(dst), int32(dst.DType()), 1},
		table:  operand{rowsOf(b.matrix(table, to), table), int32(to), 1},
		ids:    b.rows(ids.Heads(ids.Dim(-1))), // an id each
		fault:  b.idFault,
		tiling: tilingOf(dst.Rows(), dst.Dim(-1)),
		rows:   int32(table.Dim(0)),
	}
	launch(b, "gather", args.tiling.grid(), threads, 0, &args)
}
