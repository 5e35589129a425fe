package model

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Pager follows a forward pass, block by block: it lets the next block that is not in memory be read, and gives back the
// last one if it does not stay.
type Pager struct {
	store     store
	blocks    []nn.Block
	residency Residency
	asked     []atomic.Bool // blocks whose reading has been asked for since they were given back
	last      int           // the block in use; 0: none
	ctx       context.Context
	cancel    context.CancelFunc
	readers   sync.WaitGroup
	queue     chan int
}

// Pager returns what follows the component's forward passes on a device: nil, if there is nothing to do since all stays where it
// is. A device that holds copies of the weights, for activations of type act, loads them ahead.
func (c *Component) Pager(b backend.Backend, act tensor.DType, r Residency) *Pager {
	if h, ok := b.(backend.Holder); ok {
		return newPager(copies{h, act, pages{c.Checkpoint}}, c.Blocks, r)
	}
	if !r.Streams() {
		return nil
	}
	return newPager(pages{c.Checkpoint}, c.Blocks, r)
}

func newPager(s store, blocks []nn.Block, r Residency) *Pager {
	p := &Pager{store: s, blocks: blocks, residency: r, asked: make([]atomic.Bool, len(blocks)), queue: make(chan int, len(blocks))}
	p.ctx, p.cancel = context.WithCancel(context.Background())
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
		p.asked[p.last].Store(false)
		p.store.Evict(p.blocks[p.last])
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
	if p.asked[block].Load() {
		return
	}
	p.asked[block].Store(true)
	select {
	case p.queue <- block:
	default: // the disk is far behind; blocks are then read as they are used
		p.asked[block].Store(false)
	}
}

// read reads a block, unless it has been used and given back meanwhile. Of an error learns who uses the block.
func (p *Pager) read(block int) {
	if p.asked[block].Load() {
		p.store.Load(p.ctx, p.blocks[block])
	}
}

// Stop ends the reading.
func (p *Pager) Stop() {
	p.cancel()
	close(p.queue)
	p.readers.Wait()
}
