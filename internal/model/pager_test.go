package model

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// recorder notes the blocks that are asked for and given back. The blocks are tensors of as many elements as their number.
type recorder struct {
	mu      sync.Mutex
	asked   []int
	evicted []int
	reading chan struct{} // if set, a piece is not read before something comes in
}

func (r *recorder) Prefetch(t tensor.Tensor, lo, hi int) {
	if r.reading != nil {
		<-r.reading
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if lo == 0 {
		r.asked = append(r.asked, t.Dim(0))
	}
}

func (r *recorder) Evict(t tensor.Tensor) { r.evicted = append(r.evicted, t.Dim(0)) }

// waitFor waits until so many blocks have been asked for.
func (r *recorder) waitFor(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		got := len(r.asked)
		r.mu.Unlock()
		if got >= n || time.Now().After(deadline) {
			return
		}
	}
}

func testBlocks(n int) []nn.Block {
	blocks := make([]nn.Block, n+1)
	for i := range blocks[1:] {
		blocks[i+1].Tensors = []tensor.Tensor{tensor.Make(nil, 0, tensor.I8, i+1)}
	}
	return blocks
}

// TestPager follows two passes over five blocks, of which the first, third and fourth stay.
func TestPager(t *testing.T) {
	r := &recorder{}
	p := newPager(pages{r}, testBlocks(5), Residency{stays: []bool{true, true, false, true, true, false}})
	for i, asked := range []int{2, 5, 5, 5, 5, 6, 7, 7, 7, 7} {
		p.Enter(i%5 + 1)
		r.waitFor(t, asked)
	}
	p.Stop()
	// What stays is asked for once; the others in every pass, up to the next of them in advance.
	if got, want := fmt.Sprint(r.asked), "[1 2 3 4 5 2 5]"; got != want {
		t.Errorf("asked for %v, want %v", got, want)
	}
	if got, want := fmt.Sprint(r.evicted), "[2 5 2]"; got != want { // the last one is given back with everything else
		t.Errorf("gave back %v, want %v", got, want)
	}
}

// TestPagerBehind checks that a disk that is too slow holds up nothing, and that stop does not wait for all of it.
func TestPagerBehind(t *testing.T) {
	r := &recorder{reading: make(chan struct{}, 1)}
	p := newPager(pages{r}, testBlocks(20), Residency{stays: make([]bool, 21)})
	for range 5 {
		for block := 1; block <= 20; block++ {
			p.Enter(block)
		}
	}
	if len(r.evicted) != 99 {
		t.Errorf("%d blocks were given back, want 99", len(r.evicted))
	}
	p.cancel()
	r.reading <- struct{}{} // ends the piece under way
	p.Stop()
	if len(r.asked) > 2 {
		t.Errorf("read %v after stop", r.asked)
	}
}

// TestPagerLate checks that what was given back before its turn came is not read any more.
func TestPagerLate(t *testing.T) {
	r := &recorder{reading: make(chan struct{})}
	p := newPager(pages{r}, testBlocks(5), Residency{stays: make([]bool, 6)})
	p.Enter(1)
	r.reading <- struct{}{} // block 1 is read
	for block := 2; block <= 5; block++ {
		p.Enter(block)
	}
	close(r.reading)
	r.waitFor(t, 3)
	p.Stop()
	if got := fmt.Sprint(r.asked); got != "[1 2 5]" && got != "[1 5]" { // 2 may have been begun
		t.Errorf("asked for %v", got)
	}
}

// TestPagerStays checks that blocks that stay are never given back, whatever the residency.
func TestPagerStays(t *testing.T) {
	sizes := []int64{0, 1, 2, 3, 4, 5, 6, 7, 8}
	for budget := range int64(40) {
		rec, res := &recorder{}, Reside(sizes, budget)
		p := newPager(pages{rec}, testBlocks(8), res)
		for range 3 {
			for block := 1; block <= 8; block++ {
				p.Enter(block)
			}
		}
		p.Stop()
		for block := 1; block <= 8; block++ {
			if n := strings.Count(fmt.Sprint(rec.evicted), fmt.Sprint(block)); res.stays[block] && n != 0 || !res.stays[block] && n < 2 {
				t.Errorf("budget %d: block %d, stays %v, was given back %d times", budget, block, res.stays[block], n)
			}
		}
		if !slices.Contains(res.stays[1:], false) && len(rec.evicted) > 0 {
			t.Errorf("budget %d: all stays, but %v was given back", budget, rec.evicted)
		}
	}
}
