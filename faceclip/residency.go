package faceclip

import "slices"

// A residency says which blocks of a component's weights stay in memory while it runs. The others are read from disk when
// their turn comes, and given back.
type residency struct {
	sizes []int64 // bytes by block; number 0 is what lies outside of blocks
	stays []bool  // by block
	bytes int64   // of all that stays
}

// streams reports whether there are blocks that do not stay.
func (r *residency) streams() bool { return slices.Contains(r.stays, false) }

// read returns the bytes that are read from disk when each block is used so many times.
func (r *residency) read(uses []int) int64 {
	n := int64(0)
	for block, times := range uses {
		if !r.stays[block] {
			n += int64(times) * r.sizes[block]
		}
	}
	return n
}

// residencyOf returns the residency of blocks of these sizes for so many bytes of mapped weights. While a block is used the
// next one is read, so that two that do not stay are in memory, too.
func residencyOf(sizes []int64, budget int64) residency {
	var all, largest int64
	for _, size := range sizes[1:] {
		all += size
		largest = max(largest, size)
	}
	r := residency{sizes: sizes, stays: make([]bool, len(sizes)), bytes: sizes[0]}
	budget -= r.bytes
	if all > budget {
		budget -= 2 * largest
	}
	r.choose(all, max(0, budget))
	return r
}

// choose spreads the blocks that stay evenly over the pass, so that there is time to read each of the others.
func (r *residency) choose(all, budget int64) {
	var seen, kept int64
	r.stays[0] = true
	for i, size := range r.sizes[1:] {
		seen += size
		// The part of the budget that is due so far. In floating point: the product does not fit an int64.
		due := float64(budget) * float64(seen) / float64(max(all, 1))
		if all <= budget || float64(kept+size) <= due {
			r.stays[i+1] = true
			kept += size
		}
	}
	r.bytes += kept
}
