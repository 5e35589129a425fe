package cuda

import (
	"fmt"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// unit is what allocations are multiples of.
const unit = 256

func rounded(bytes int) int { return (bytes + unit - 1) &^ (unit - 1) }

// A memory counts the device's.
type memory struct {
	limit int64 // bytes that may be used: what was free when the device was opened, less a tenth
	used  int64
	sizes map[driver.Ptr]int64    // of allocations
	owned map[*tensor.Memory]bool // what Alloc and AllocHost returned
}

// Limit returns the bytes of device memory that may be used.
func (b *Backend) Limit() int64 { return b.memory.limit }

// Alloc returns device memory, of which the host sees the address only.
func (b *Backend) Alloc(bytes int) (*tensor.Memory, error) {
	at, err := b.allocate(bytes)
	if err != nil {
		return nil, err
	}
	m := &tensor.Memory{Ptr: uintptr(at), Size: bytes}
	b.own(m)
	return m, nil
}

// AllocHost returns memory of the host, for weights that it lays out anew: the device then has a copy.
func (b *Backend) AllocHost(bytes int) (*tensor.Memory, error) {
	if bytes < 0 {
		return nil, fmt.Errorf("cuda: %d bytes of host memory", bytes)
	}
	m := tensor.HostMemory(make([]byte, bytes))
	b.own(m)
	return m, nil
}

func (b *Backend) own(m *tensor.Memory) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.memory.owned[m] = true
}

// Free releases what Alloc or AllocHost returned, once the operations that were issued are done with it.
func (b *Backend) Free(m *tensor.Memory) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.memory.owned[m] {
		return
	}
	delete(b.memory.owned, m)
	if m.Host == nil && m.Size > 0 {
		b.fail(b.device.SyncStream(b.compute))
		b.give(driver.Ptr(m.Ptr))
	}
	m.Drop()
}

// Reaches reports whether t is in memory of the device, or of the host: the device has copies of that.
func (b *Backend) Reaches(t Tensor) bool {
	if t.OnHost() {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memory.owned[t.Mem] && t.Offset()+t.Extent() <= t.Mem.Size
}

// allocate is grow for who does not hold b.mu.
func (b *Backend) allocate(bytes int) (driver.Ptr, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.grow(bytes)
}

// grow takes more memory of the device, in exchange for copies of weights if need be, and if that is enough.
func (b *Backend) grow(bytes int) (driver.Ptr, error) {
	if err := b.failure.final(); err != nil || bytes == 0 {
		return 0, err
	}
	m, size := &b.memory, rounded(bytes)
	fits := int64(bytes) <= m.limit-m.used+b.copies.bytes()
	for more := fits; more; more = b.yield() {
		if m.used+int64(size) <= m.limit {
			at, err := b.device.Alloc(size)
			if err == nil {
				m.sizes[at] = int64(size)
				m.used += int64(size)
				return at, nil
			}
			if !outOfMemory(err) {
				b.fail(err)
				return 0, b.failure.final()
			}
		}
	}
	err := &backend.MemoryError{Need: backend.Sum(m.used, int64(bytes)), Have: m.limit, Device: b.name}
	if i := slices.IndexFunc(b.copies.slabs, func(s *slab) bool { return !s.isLoaded() }); fits && i >= 0 {
		return 0, &crowd{err, b.copies.slabs[i].loaded}
	}
	return 0, err
}

// A crowd is lack of memory that passes: what is being loaded can make room afterwards.
type crowd struct {
	*backend.MemoryError
	loaded <-chan struct{}
}

func (c *crowd) Unwrap() error { return c.MemoryError }

// give returns memory to the device.
func (b *Backend) give(at driver.Ptr) {
	b.memory.used -= b.memory.sizes[at]
	delete(b.memory.sizes, at)
	b.fail(b.device.Free(at))
}
