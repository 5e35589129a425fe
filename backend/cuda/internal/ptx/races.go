package ptx

import (
	"cmp"
	"fmt"
	"slices"
)

// A span is global memory that a block has written with plain stores.
type span struct {
	lo, hi uint64
	block  int64
	in     *instruction
}

// noteWrites notes that the lanes of the mask store n bytes each.
func (w *warp) noteWrites(at *[32]uint64, n uint64) {
	b := w.block
	if b.run.blocks == 1 {
		return
	}
	for m := w.mask; m != 0; m &= m - 1 {
		lo := at[lowest(m)&31]
		if last := len(b.writes) - 1; last >= 0 && b.writes[last].hi == lo && b.writes[last].block == b.number {
			b.writes[last].hi += n
		} else {
			b.writes = append(b.writes, span{lo, lo + n, b.number, w.current})
		}
	}
}

// findRaces finds bytes that two blocks have stored to: which of them comes last is up to chance.
func (r *run) findRaces() {
	byAddress := func(a, b span) int { return cmp.Compare(a.lo, b.lo) }
	if !slices.IsSortedFunc(r.writes, byAddress) {
		slices.SortFunc(r.writes, byAddress)
	}
	for i := 1; i < len(r.writes); i++ {
		a, b := &r.writes[i-1], &r.writes[i]
		if b.lo < a.hi && b.block != a.block {
			r.fault = &Fault{
				Kernel: r.kernel.Name, Block: r.blockIndex(b.block), Line: b.in.line, Text: b.in.text,
				What: fmt.Sprintf("global memory at %#x is also written by block %v", b.lo, r.blockIndex(a.block)),
			}
			return
		}
		if b.hi < a.hi {
			b.hi, b.block = a.hi, a.block // what a covers still counts for the next
		}
	}
}

// blockIndex returns the coordinates of block number i.
func (r *run) blockIndex(i int64) [3]int {
	x, y := int64(r.launch.Grid[0]), int64(r.launch.Grid[1])
	return [3]int{int(i % x), int(i / x % y), int(i / x / y)}
}
