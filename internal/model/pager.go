package model

import (
	"sync"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Pages are the mapped files of a checkpoint.
type Pages interface {
	Prefetch(t tensor.Tensor, lo, hi int)
	Evict(t tensor.Tensor)
}

// A Pager follows a forward pass, block by block: it asks the system to read the next block that is not in memory, and
// gives back the last one if it does not stay.
type Pager struct {
	checkpoint Pages
	blocks     []nn.Block
	residency  Residency
	asked      []bool // blocks whose reading has been asked for since they were given back
	last       int    // the block in use; 0: none
	stopped    atomic.Bool
	readers    sync.WaitGroup
	queue      chan int
}

// NewPager returns a pager of a network's blocks.
func NewPager(checkpoint Pages, blocks []nn.Block, r Residency) *Pager {
	p := &Pager{
		checkpoint: checkpoint, blocks: blocks, residency: r,
		asked: make([]bool, len(blocks)), queue: make(chan int, len(blocks)),
	}
	p.readers.Go(func() {
		for block := range p.queue {
			p.read(block)
		}
	})
	return p
}

// Enter is told the block that is used from now on.
func (p *Pager) Enter(block int) {
	if p.last != 0 && p.last != block && !p.residency.stays[p.last] {
		for _, t := range p.blocks[p.last].Tensors {
			p.checkpoint.Evict(t)
		}
		p.asked[p.last] = false
	}
	p.last = block
	p.ask(block)
	for next := block + 1; next < len(p.blocks); next++ { // not beyond this pass: there may be no other
		p.ask(next)
		if !p.residency.stays[next] {
			break
		}
	}
}

func (p *Pager) ask(block int) {
	if p.asked[block] {
		return
	}
	select {
	case p.queue <- block:
		p.asked[block] = true
	default: // the disk is far behind; blocks are then read as they are used
	}
}

// read asks the system for the pages of a block, in pieces, so that it can be stopped between them.
func (p *Pager) read(block int) {
	const piece = 8 << 20
	for _, t := range p.blocks[block].Tensors {
		for lo, n := 0, t.Extent(); lo < n; lo += piece {
			if p.stopped.Load() {
				return
			}
			p.checkpoint.Prefetch(t, lo, min(lo+piece, n))
		}
	}
}

// Stop ends the reading.
func (p *Pager) Stop() {
	p.stopped.Store(true)
	close(p.queue)
	p.readers.Wait()
}
