package cpu

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Gather copies rows of table [N, D] to dst [..., D] as F32. An id that is not in [0, N) panics.
func (b *Backend) Gather(dst, table, ids backend.Tensor) {
	y, index := elements[float32](dst), elements[int32](ids)
	n, d := table.Dim(0), table.Dim(1)
	read := b.rowReader(table)
	width := 1
	if ids.Rank() > 0 {
		width = max(1, ids.Dim(-1))
	}
	b.share(ids.Len(), d, func(_, i int) {
		id := int(index[ids.Row(i/width)+i%width])
		if id < 0 || id >= n {
			panic(fmt.Sprintf("cpu: Gather: id %d of a table of %d rows", id, n))
		}
		off := dst.Row(i)
		read(y[off:off+d], id)
	})
}

// rowReader returns a function that reads a row of t as F32.
func (b *Backend) rowReader(t backend.Tensor) func(dst []float32, row int) {
	if t.DType() == tensor.F32 {
		x := elements[float32](t)
		return func(dst []float32, row int) { copy(dst, x[t.Row(row):][:len(dst)]) }
	}
	x, widen := elements[uint16](t), b.widen(t.DType())
	return func(dst []float32, row int) { widen(dst, x[t.Row(row):][:len(dst)]) }
}
