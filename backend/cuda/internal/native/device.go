package native

import (
	"bytes"
	"runtime"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// A device is one in its primary context.
type device struct {
	library
	number, context uintptr
}

// What functions are told by numbers of the driver's interface.
const (
	eventWithoutTiming    = 2 // CU_EVENT_DISABLE_TIMING
	streamOfItsOwn        = 1 // CU_STREAM_NON_BLOCKING: the default stream does not hold it up
	errorLog              = 5 // CU_JIT_ERROR_LOG_BUFFER
	errorLogSize          = 6 // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
	maxDynamicShared      = 8 // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
	launchArguments       = 1 // CU_LAUNCH_PARAM_BUFFER_POINTER
	launchArgumentsSize   = 2 // CU_LAUNCH_PARAM_BUFFER_SIZE
	launchEnd             = 0 // CU_LAUNCH_PARAM_END
	hostMemoryOfAnyDevice = 1 // CU_MEMHOSTALLOC_PORTABLE
)

// Open returns device number ordinal, with its primary context retained.
func (l library) Open(ordinal int) (driver.Device, error) {
	var number int32
	if err := l.call(0, "cuDeviceGet", uintptr(unsafe.Pointer(&number)), uintptr(ordinal)); err != nil {
		return nil, err
	}
	d := &device{library: l, number: uintptr(number)}
	err := l.call(0, "cuDevicePrimaryCtxRetain", uintptr(unsafe.Pointer(&d.context)), d.number)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Close releases the context.
func (d *device) Close() error { return d.call(0, "cuDevicePrimaryCtxRelease_v2", d.number) }

// in calls a function in the device's context.
//
//go:uintptrescapes
func (d *device) in(name string, args ...uintptr) error { return d.call(d.context, name, args...) }

// Name returns what the device is sold as.
func (d *device) Name() string {
	name := make([]byte, 256)
	if d.call(0, "cuDeviceGetName", uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)), d.number) != nil {
		return "a device without a name"
	}
	before, _, _ := bytes.Cut(name, []byte{0})
	return string(before)
}

// Attribute returns a property of the device.
func (d *device) Attribute(a driver.Attribute) (int, error) {
	var v int32
	err := d.call(0, "cuDeviceGetAttribute", uintptr(unsafe.Pointer(&v)), uintptr(a), d.number)
	return int(v), err
}

// Memory returns the bytes of device memory that are free, and all.
func (d *device) Memory() (free, total int64, err error) {
	var f, t uintptr
	err = d.in("cuMemGetInfo_v2", uintptr(unsafe.Pointer(&f)), uintptr(unsafe.Pointer(&t)))
	return int64(f), int64(t), err
}

// LoadModule compiles PTX. The log says what was wrong with it.
func (d *device) LoadModule(ptx string) (driver.Module, string, error) {
	text, log := append([]byte(ptx), 0), make([]byte, 8<<10)
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&log[0])
	options := [...]int32{errorLog, errorLogSize}
	values := [...]uintptr{uintptr(unsafe.Pointer(&log[0])), uintptr(len(log))}
	var m driver.Module
	err := d.in("cuModuleLoadDataEx", uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(&text[0])),
		uintptr(len(options)), uintptr(unsafe.Pointer(&options)), uintptr(unsafe.Pointer(&values)))
	said, _, _ := bytes.Cut(log, []byte{0})
	return m, string(said), err
}

// Function returns a kernel of a module.
func (d *device) Function(m driver.Module, name string) (driver.Function, error) {
	text := append([]byte(name), 0)
	var f driver.Function
	err := d.in("cuModuleGetFunction", uintptr(unsafe.Pointer(&f)), uintptr(m), uintptr(unsafe.Pointer(&text[0])))
	return f, err
}

// AllowShared lets launches of f have so many bytes of dynamic shared memory.
func (d *device) AllowShared(f driver.Function, bytes int) error {
	return d.in("cuFuncSetAttribute", uintptr(f), maxDynamicShared, uintptr(bytes))
}

// Alloc returns device memory.
func (d *device) Alloc(bytes int) (driver.Ptr, error) {
	var p driver.Ptr
	err := d.in("cuMemAlloc_v2", uintptr(unsafe.Pointer(&p)), uintptr(bytes))
	return p, err
}

// Free gives back what Alloc returned.
func (d *device) Free(p driver.Ptr) error { return d.in("cuMemFree_v2", uintptr(p)) }

// AllocHost returns page-locked memory of the host.
func (d *device) AllocHost(bytes int) ([]byte, error) {
	var p *byte
	if err := d.in("cuMemHostAlloc", uintptr(unsafe.Pointer(&p)), uintptr(bytes), hostMemoryOfAnyDevice); err != nil {
		return nil, err
	}
	return unsafe.Slice(p, bytes), nil
}

// FreeHost gives back what AllocHost returned.
func (d *device) FreeHost(b []byte) error {
	return d.in("cuMemFreeHost", uintptr(unsafe.Pointer(unsafe.SliceData(b))))
}

// NewStream returns a stream that the default stream does not hold up.
func (d *device) NewStream() (driver.Stream, error) {
	var s driver.Stream
	err := d.in("cuStreamCreate", uintptr(unsafe.Pointer(&s)), streamOfItsOwn)
	return s, err
}

// CloseStream gives a stream back.
func (d *device) CloseStream(s driver.Stream) error { return d.in("cuStreamDestroy_v2", uintptr(s)) }

// NewEvent returns an event that takes no time.
func (d *device) NewEvent() (driver.Event, error) {
	var e driver.Event
	err := d.in("cuEventCreate", uintptr(unsafe.Pointer(&e)), eventWithoutTiming)
	return e, err
}

// CloseEvent gives an event back.
func (d *device) CloseEvent(e driver.Event) error { return d.in("cuEventDestroy_v2", uintptr(e)) }

// Record makes e happen when s has done what it was given so far.
func (d *device) Record(e driver.Event, s driver.Stream) error {
	return d.in("cuEventRecord", uintptr(e), uintptr(s))
}

// Wait makes what s is given from now on wait for e.
func (d *device) Wait(s driver.Stream, e driver.Event) error {
	return d.in("cuStreamWaitEvent", uintptr(s), uintptr(e), 0)
}

// SyncEvent returns when e has happened.
func (d *device) SyncEvent(e driver.Event) error { return d.in("cuEventSynchronize", uintptr(e)) }

// SyncStream returns when s has nothing to do.
func (d *device) SyncStream(s driver.Stream) error { return d.in("cuStreamSynchronize", uintptr(s)) }

// ToDevice copies on s. The memory src is of AllocHost.
func (d *device) ToDevice(s driver.Stream, dst driver.Ptr, src []byte) error {
	return d.in("cuMemcpyHtoDAsync_v2", uintptr(dst), uintptr(unsafe.Pointer(unsafe.SliceData(src))), uintptr(len(src)), uintptr(s))
}

// ToHost copies on s. The memory dst is of AllocHost.
func (d *device) ToHost(s driver.Stream, dst []byte, src driver.Ptr) error {
	return d.in("cuMemcpyDtoHAsync_v2", uintptr(unsafe.Pointer(unsafe.SliceData(dst))), uintptr(src), uintptr(len(dst)), uintptr(s))
}

// Fill sets bytes on s.
func (d *device) Fill(s driver.Stream, dst driver.Ptr, value byte, bytes int) error {
	return d.in("cuMemsetD8Async", uintptr(dst), uintptr(value), uintptr(bytes), uintptr(s))
}

// Launch runs a kernel on s. The driver has copied the arguments when it returns.
func (d *device) Launch(s driver.Stream, f driver.Function, l *driver.Launch) error {
	size := uintptr(l.Size)
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(l.Args)
	pin.Pin(&size)
	extra := [...]uintptr{launchArguments, uintptr(l.Args), launchArgumentsSize, uintptr(unsafe.Pointer(&size)), launchEnd}
	return d.in("cuLaunchKernel", uintptr(f),
		uintptr(l.Grid[0]), uintptr(l.Grid[1]), uintptr(l.Grid[2]), uintptr(l.Block[0]), uintptr(l.Block[1]), uintptr(l.Block[2]),
		uintptr(l.Shared), uintptr(s), 0, uintptr(unsafe.Pointer(&extra)))
}
