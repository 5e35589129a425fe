package fake

import (
	"fmt"
	"slices"
	"sort"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// An allocation is a piece of device memory.
type allocation struct {
	base  uint64
	size  int
	bytes []byte // nil if the device is idle
}

// A memory is that of a device, and the host's that is page-locked.
type memory struct {
	idle        bool
	limit       int64
	inUse, peak int64
	next        uint64
	allocations []allocation // by base; not changed but replaced, because kernels look at it

	host      map[*byte]int
	hostInUse int64
}

// Addresses start where no offset that is taken for one can be, and there is room between allocations.
const (
	firstAddress = 0x7f12_0000_0000
	alignment    = 256
	room         = 1 << 20
	poison       = 0xff // makes NaN of any floating-point type
)

func newMemory(o Options) memory {
	return memory{idle: o.Idle, limit: o.Memory, next: firstAddress, host: map[*byte]int{}}
}

// Memory returns what is free, and all there is.
func (d *Device) Memory() (free, total int64, err error) {
	defer d.lock()()
	if err := d.usable("cuMemGetInfo"); err != nil {
		return 0, 0, err
	}
	return d.memory.limit - d.memory.inUse, d.memory.limit, nil
}

// Alloc returns memory that is full of NaN.
func (d *Device) Alloc(bytes int) (driver.Ptr, error) {
	const call = "cuMemAlloc"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return 0, err
	}
	if bytes <= 0 {
		return 0, invalidValue(call, fmt.Sprintf("%d bytes", bytes))
	}
	if d.memory.inUse+int64(bytes) > d.memory.limit {
		return 0, fault(call, noMemory, nil)
	}
	return driver.Ptr(d.memory.alloc(bytes)), nil
}

func (m *memory) alloc(n int) uint64 {
	a := allocation{base: m.next, size: n}
	if !m.idle {
		a.bytes = make([]byte, n)
		spoil(a.bytes)
	}
	m.next += uint64((n+alignment-1)/alignment*alignment + room)
	m.allocations = append(slices.Clip(m.allocations), a)
	m.inUse += int64(n)
	m.peak = max(m.peak, m.inUse)
	return a.base
}

func spoil(b []byte) {
	for i := range b {
		b[i] = poison
	}
}

// Free gives memory back, at once: what is queued and uses it will fail.
func (d *Device) Free(p driver.Ptr) error {
	const call = "cuMemFree"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return err
	}
	m := &d.memory
	i := slices.IndexFunc(m.allocations, func(a allocation) bool { return a.base == uint64(p) })
	if i < 0 {
		return invalidValue(call, fmt.Sprintf("%#x is not allocated", uint64(p)))
	}
	m.inUse -= int64(m.allocations[i].size)
	m.allocations = slices.Concat(m.allocations[:i], m.allocations[i+1:])
	return nil
}

// Bytes returns the n bytes at addr, or nil if they are not within one allocation.
func (m *memory) Bytes(addr uint64, n int) []byte {
	all := m.allocations
	i := sort.Search(len(all), func(i int) bool { return all[i].base > addr }) - 1
	if i < 0 || n < 0 || addr-all[i].base > uint64(all[i].size) || uint64(n) > uint64(all[i].size)-(addr-all[i].base) {
		return nil
	}
	if m.idle {
		return []byte{}
	}
	from := addr - all[i].base
	return all[i].bytes[from : from+uint64(n)]
}

// AllocHost returns memory that is full of NaN.
func (d *Device) AllocHost(bytes int) ([]byte, error) {
	const call = "cuMemAllocHost"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return nil, err
	}
	if bytes <= 0 {
		return nil, invalidValue(call, fmt.Sprintf("%d bytes", bytes))
	}
	b := make([]byte, bytes)
	spoil(b)
	d.memory.host[unsafe.SliceData(b)] = bytes
	d.memory.hostInUse += int64(bytes)
	return b, nil
}

// FreeHost takes b back and spoils it, as copies that are queued would see.
func (d *Device) FreeHost(b []byte) error {
	const call = "cuMemFreeHost"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return err
	}
	p := unsafe.SliceData(b)
	n, ok := d.memory.host[p]
	if !ok {
		return invalidValue(call, "memory that was not allocated so")
	}
	delete(d.memory.host, p)
	d.memory.hostInUse -= int64(n)
	spoil(unsafe.Slice(p, n))
	return nil
}
