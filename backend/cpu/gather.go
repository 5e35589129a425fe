package cpu

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A gather is one call of Gather under way.
type gather struct {
	dst, table, ids backend.Tensor
	to              []float32
	index           []int32
	width           int       // of a row of ids
	floats          []float32 // of the table
	halves          []uint16  // of it, if it is not F32
	widen           func(dst []float32, src []uint16)
}

// Gather copies rows of table [N, D] to dst [..., D] as F32. An id that is not in [0, N) panics.
func (b *Backend) Gather(dst, table, ids backend.Tensor) {
	g := &b.gather
	defer forget(g)
	*g = gather{
		dst: dst, table: table, ids: ids, to: elements[float32](dst), index: elements[int32](ids), width: 1,
		widen: b.widen(table.DType()),
	}
	if ids.Rank() > 0 {
		g.width = max(1, ids.Dim(-1))
	}
	if table.DType() == tensor.F32 {
		g.floats = elements[float32](table)
	} else {
		g.halves = elements[uint16](table)
	}
	b.share(ids.Len(), table.Dim(1), g)
}

// do copies the row of id number i.
func (g *gather) do(_, i int) {
	n, d := g.table.Dim(0), g.table.Dim(1)
	id := int(g.index[g.ids.Row(i/g.width)+i%g.width])
	if id < 0 || id >= n {
		panic(fmt.Sprintf("cpu: Gather: id %d of a table of %d rows", id, n))
	}
	dst, row := g.to[g.dst.Row(i):][:d], g.table.Row(id)
	if g.floats != nil {
		copy(dst, g.floats[row:][:d])
	} else {
		g.widen(dst, g.halves[row:][:d])
	}
}
