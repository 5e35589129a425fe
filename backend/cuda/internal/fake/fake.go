// Package fake is a driver without a GPU. Kernels run in package ptx's interpreter, and nothing runs before somebody waits for it,
// so that a wait that is missing shows.
//
// It is stricter than a GPU: fresh memory is full of NaN, addresses are not used again, an access that is not within one
// allocation fails, and work that is queued when its memory is freed fails as well.
package fake

import (
	"fmt"
	"sync"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// Options say what there is, and what goes wrong.
type Options struct {
	Devices int   // how many there are
	Memory  int64 // bytes that each has; 0 for 8 GiB
	Version int   // of CUDA; 0 for 12040
	Compute int   // compute capability, times ten; 0 for 86

	// Early lets copies run as soon as their streams allow, that is before kernels of other streams which were given earlier.
	// Otherwise they run as late as events and waits permit. A program must be right in both cases.
	Early bool
	// Idle counts launches and memory and runs nothing. Memory holds nothing, and zeros are copied from it.
	Idle bool

	ModuleLog   string // if not empty, no module can be loaded, and this is the log
	LoseAtStart int    // if not 0, the number of the launch at which the device is lost
}

// A Driver implements [driver.Driver].
type Driver struct {
	options Options
	mu      sync.Mutex
	opened  map[int]*Device
}

var _ driver.Driver = (*Driver)(nil)

// New returns a driver.
func New(o Options) *Driver {
	if o.Memory == 0 {
		o.Memory = 8 << 30
	}
	if o.Version == 0 {
		o.Version = 12040
	}
	if o.Compute == 0 {
		o.Compute = 86
	}
	return &Driver{options: o, opened: map[int]*Device{}}
}

// Version returns that of the options.
func (d *Driver) Version() (int, error) { return d.options.Version, nil }

// Devices returns their number. If there are none it fails, as cuInit does.
func (d *Driver) Devices() (int, error) {
	if d.options.Devices == 0 {
		return 0, &driver.Error{Call: "cuInit", Code: driver.NoDevice, Name: "CUDA_ERROR_NO_DEVICE"}
	}
	return d.options.Devices, nil
}

// Open returns a device with memory of its own.
func (d *Driver) Open(ordinal int) (driver.Device, error) {
	if ordinal < 0 || ordinal >= d.options.Devices {
		return nil, &driver.Error{Call: "cuDeviceGet", Code: driver.InvalidDevice, Name: "CUDA_ERROR_INVALID_DEVICE"}
	}
	device := newDevice(d.options, fmt.Sprintf("Fake %d", ordinal))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened[ordinal] = device
	return device, nil
}

// Device returns the device that was last opened with that number, or nil.
func (d *Driver) Device(ordinal int) *Device {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opened[ordinal]
}
