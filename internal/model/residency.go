package model

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
)

// A Residency says which blocks of a component's weights stay in memory while it runs. The others are read from disk when
// their turn comes, and given back.
type Residency struct {
	Bytes int64 // of all that stays

	sizes []int64 // bytes by block; number 0 is what lies outside of blocks
	stays []bool  // by block
}

// Streams reports whether there are blocks that do not stay.
func (r *Residency) Streams() bool { return slices.Contains(r.stays, false) }

// Read returns the bytes that are read from disk when each block is used so many times.
func (r *Residency) Read(uses []int) int64 {
	n := int64(0)
	for block, times := range uses {
		if !r.stays[block] {
			n = backend.Sum(n, backend.Product(int64(times), r.sizes[block]))
		}
	}
	return n
}

// Reside returns the residency of blocks of these sizes for so many bytes of mapped weights. While a block is used the
// next one is read, so that two that do not stay are in memory, too.
func Reside(sizes []int64, budget int64) Residency {
	var all, largest int64
	for _, size := range sizes[1:] {
		all += size
		largest = max(largest, size)
	}
	r := Residency{sizes: sizes, stays: make([]bool, len(sizes)), Bytes: sizes[0]}
	budget -= r.Bytes
	if all > budget {
		budget -= 2 * largest
	}
	r.choose(all, max(0, budget))
	return r
}

// Peak returns the bytes of all blocks that are there at a time.
func (r *Residency) Peak() int64 {
	largest := int64(0)
	for block, stays := range r.stays {
		if !stays {
			largest = max(largest, r.sizes[block])
		}
	}
	return backend.Sum(r.Bytes, 2*largest)
}

// choose spreads the blocks that stay evenly over the pass, so that there is time to read each of the others.
func (r *Residency) choose(all, budget int64) {
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
	r.Bytes += kept
}
