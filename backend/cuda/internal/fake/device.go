package fake

import (
	"sync"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// A Device implements [driver.Device].
type Device struct {
	name    string
	options Options

	mu        sync.Mutex
	closed    bool
	failed    error // sticks
	memory    memory
	modules   []module
	functions []function
	streams   map[driver.Stream]*stream
	events    map[driver.Event]*point // where each was last recorded; nil before
	handles   uintptr
	launches  int
}

var _ driver.Device = (*Device)(nil)

func newDevice(o Options, name string) *Device {
	return &Device{
		name: name, options: o,
		memory:  newMemory(o),
		streams: map[driver.Stream]*stream{}, events: map[driver.Event]*point{},
	}
}

// A Use says what a device has been used for.
type Use struct {
	InUse, Peak int64 // bytes of device memory
	Host        int64 // bytes of page-locked memory in use
	Launches    int   // kernels that were launched
}

// Use returns what d has been used for.
func (d *Device) Use() Use {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Use{InUse: d.memory.inUse, Peak: d.memory.peak, Host: d.memory.hostInUse, Launches: d.launches}
}

// Name returns a name.
func (d *Device) Name() string { return d.name }

// multiprocessors is few, as a test's shapes are small.
const multiprocessors = 8

// Attribute returns those of a device of the options' compute capability.
func (d *Device) Attribute(a driver.Attribute) (int, error) {
	const call = "cuDeviceGetAttribute"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return 0, err
	}
	switch a {
	case driver.SharedPerBlockOptin:
		return maxShared, nil
	case driver.ComputeMajor:
		return d.options.Compute / 10, nil
	case driver.ComputeMinor:
		return d.options.Compute % 10, nil
	case driver.Multiprocessors:
		return multiprocessors, nil
	}
	return 0, invalidValue(call, "unknown attribute")
}

// Close drops what is queued, and everything else.
func (d *Device) Close() error {
	defer d.lock()()
	if d.closed {
		return fault("cuDevicePrimaryCtxRelease", invalidContext, nil)
	}
	d.closed = true
	return nil
}

// lock returns what unlocks.
func (d *Device) lock() (unlock func()) {
	d.mu.Lock()
	return d.mu.Unlock
}

// usable fails if nothing can be done any more.
func (d *Device) usable(call string) error {
	if d.closed {
		return fault(call, invalidContext, nil)
	}
	return d.failed
}

func (d *Device) handle() uintptr {
	d.handles++
	return d.handles
}
