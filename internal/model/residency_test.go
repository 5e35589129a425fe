package model

import (
	"math/rand/v2"
	"testing"
)

// TestResidency checks for many budgets that what stays, and the two blocks that are in use or on their way, fit.
func TestResidency(t *testing.T) {
	for range 200 {
		r := Residency{sizes: []int64{rand.Int64N(100)}}
		var all, largest int64
		for range 1 + rand.IntN(60) {
			size := 1 + rand.Int64N(1000)
			r.sizes = append(r.sizes, size)
			all, largest = all+size, max(largest, size)
		}
		budget := rand.Int64N(2 * (all + 100))
		outside, sizes := r.sizes[0], r.sizes
		r = Reside(sizes, budget)
		switch {
		case all+outside <= budget && r.Streams():
			t.Errorf("%v: budget %d is enough, but %v", sizes, budget, r.stays)
		case all+outside > budget && !r.Streams():
			t.Errorf("%v: budget %d is not enough, but all stays", sizes, budget)
		case r.Streams() && r.Bytes > outside && r.Bytes+2*largest > budget:
			t.Errorf("%v: budget %d, %d stay", sizes, budget, r.Bytes)
		}
		uses, once := make([]int, len(sizes)), make([]int, len(sizes))
		for i := range uses {
			uses[i], once[i] = 2, 1
		}
		if got, want := r.Read(uses), 2*(all+outside-r.Bytes); got != want || r.Read(once) != want/2 {
			t.Errorf("%v: two passes read %d bytes, want %d", sizes, got, want)
		}
		// What stays is spread, so that the budget's share of any beginning of the pass is used but for one block.
		if spare := budget - 2*largest - outside - (r.Bytes - outside); r.Streams() && budget > outside+2*largest && spare > 2*largest {
			t.Errorf("%v: budget %d, %d stay, %d more would fit", sizes, budget, r.Bytes, spare)
		}
	}
}
