package model

import (
	"context"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A store is where weights are while they are used: pages of mapped files, or memory of a [backend.Holder].
type store interface {
	Load(ctx context.Context, b nn.Block) error
	Evict(b nn.Block)
}

// Pages are the mapped files of a checkpoint.
type Pages interface {
	Prefetch(t tensor.Tensor, lo, hi int)
	Evict(t tensor.Tensor)
}

// pages are a store: what is loaded is asked of the system.
type pages struct{ Pages }

// Load asks the system for the pages of a block, in pieces, so that it can be stopped between them.
func (p pages) Load(ctx context.Context, b nn.Block) error {
	const piece = 8 << 20
	for _, t := range b.Tensors {
		for lo, n := 0, t.Extent(); lo < n; lo += piece {
			if err := ctx.Err(); err != nil {
				return err
			}
			p.Prefetch(t, lo, min(lo+piece, n))
		}
	}
	return nil
}

// Evict gives the pages of a block back.
func (p pages) Evict(b nn.Block) {
	for _, t := range b.Tensors {
		p.Pages.Evict(t)
	}
}

// copies are a store of a device that has some.
type copies struct {
	device backend.Holder
	act    tensor.DType // of activations
	pages  pages
}

// Load makes copies of a block, whose pages are not needed any longer.
func (c copies) Load(ctx context.Context, b nn.Block) error {
	held := func(t tensor.Tensor) bool { return c.device.Holds(c.act, t) }
	read := nn.Block{Tensors: slices.DeleteFunc(slices.Clone(b.Tensors), held)}
	defer c.pages.Evict(read)
	if err := c.pages.Load(ctx, read); err != nil {
		return err
	}
	return c.device.Load(ctx, c.act, b.All())
}

// Evict drops the copies of a block.
func (c copies) Evict(b nn.Block) { c.device.Evict(b.All()) }
