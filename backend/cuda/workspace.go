package cuda

import "github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"

// usualSpace is the workspace that operations of both systems need, at any size of pictures: see GroupNorm.
const usualSpace = 4 << 20

// Scratch returns the bytes of workspace of all kernels together, and what Gather tells with.
func (b *Backend) Scratch() int { return b.work.bytes + b.converted.bytes + unit }

// workspace returns so many bytes of device memory, which are the caller's until the next operation.
func (b *Backend) workspace(bytes int) driver.Ptr { return b.work.atLeast(b, bytes) }

// An area is device memory that grows with what is asked of it.
type area struct {
	at    driver.Ptr
	bytes int
}

// atLeast returns so many bytes. What it returned before is given back when kernels are done with it.
func (a *area) atLeast(b *Backend, bytes int) driver.Ptr {
	if bytes <= a.bytes {
		return a.at
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.bytes > 0 {
		b.fail(b.device.SyncStream(b.compute))
		b.give(a.at)
		*a = area{}
	}
	at, err := b.grow(bytes)
	if err != nil {
		b.fail(err)
		return 0
	}
	*a = area{at, rounded(bytes)}
	return at
}
