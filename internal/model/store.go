package model

import (
	"context"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A store is where weights are while they are used: pages of mapped files, or memory of a [backend.Holder].
type store interface {
	Load(ctx context.Context, tensors []tensor.Tensor) error
	Evict(tensors []tensor.Tensor)
}

// Pages are the mapped files of a checkpoint.
type Pages interface {
	Prefetch(t tensor.Tensor, lo, hi int)
	Evict(t tensor.Tensor)
}

// pages are a store: what is loaded is asked of the system.
type pages struct{ Pages }

// Load asks the system for the pages of tensors, in pieces, so that it can be stopped between them.
func (p pages) Load(ctx context.Context, tensors []tensor.Tensor) error {
	const piece = 8 << 20
	for _, t := range tensors {
		for lo, n := 0, t.Extent(); lo < n; lo += piece {
			if err := ctx.Err(); err != nil {
				return err
			}
			p.Prefetch(t, lo, min(lo+piece, n))
		}
	}
	return nil
}

// Evict gives the pages of tensors back.
func (p pages) Evict(tensors []tensor.Tensor) {
	for _, t := range tensors {
		p.Pages.Evict(t)
	}
}

// copies are a store of a device that has some. Of pages that it has read nothing is needed.
type copies struct {
	backend.Holder
	pages pages
}

// Load makes copies, while the system reads on.
func (c copies) Load(ctx context.Context, tensors []tensor.Tensor) error {
	defer c.pages.Evict(tensors)
	if err := c.pages.Load(ctx, tensors); err != nil {
		return err
	}
	return c.Holder.Load(ctx, tensors)
}
