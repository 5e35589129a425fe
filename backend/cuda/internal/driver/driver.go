// Package driver says what the CUDA backend needs of NVIDIA's driver: some twenty-five functions of its API, under Go names. The
// real one is called through cgo, a fake one runs kernels in an interpreter.
package driver

import (
	"fmt"
	"unsafe"
)

// A Ptr is an address in device memory.
type Ptr uint64

// What the driver hands out.
type (
	Module   uintptr
	Function uintptr
	Stream   uintptr
	Event    uintptr
)

// An Attribute is one of CUdevice_attribute.
type Attribute int32

// The attributes that are asked for.
const (
	SharedPerBlockOptin Attribute = 97
	ComputeMajor        Attribute = 75
	ComputeMinor        Attribute = 76
	Multiprocessors     Attribute = 16
)

// A Driver finds devices.
type Driver interface {
	// Version returns the newest CUDA version that the driver knows: 12040 is 12.4.
	Version() (int, error)
	// Devices returns how many devices there are.
	Devices() (int, error)
	// Open returns device number ordinal, with its primary context retained.
	Open(ordinal int) (Device, error)
}

// A Device is one GPU in one context. Its methods may be called from any goroutine. Work on a Stream is asynchronous: memory that it
// reads or writes belongs to it until the stream has been waited for.
type Device interface {
	Name() string
	Attribute(a Attribute) (int, error)
	Memory() (free, total int64, err error)

	// LoadModule compiles PTX. The log says what was wrong with it.
	LoadModule(ptx string) (m Module, log string, err error)
	Function(m Module, name string) (Function, error)
	// AllowShared lets launches of f have so many bytes of dynamic shared memory.
	AllowShared(f Function, bytes int) error

	Alloc(bytes int) (Ptr, error)
	Free(p Ptr) error
	// AllocHost returns page-locked memory of the host, which copies need to be asynchronous.
	AllocHost(bytes int) ([]byte, error)
	FreeHost(b []byte) error

	NewStream() (Stream, error)
	CloseStream(s Stream) error
	NewEvent() (Event, error)
	CloseEvent(e Event) error
	// Record makes e happen when s has done what it was given so far.
	Record(e Event, s Stream) error
	// Wait makes what s is given from now on wait for e.
	Wait(s Stream, e Event) error
	// SyncEvent returns when e has happened; SyncStream when s has nothing to do. Errors of kernels show here.
	SyncEvent(e Event) error
	SyncStream(s Stream) error

	// ToDevice and ToHost copy on s; src and dst in host memory stay where they are until then. Fill sets bytes.
	ToDevice(s Stream, dst Ptr, src []byte) error
	ToHost(s Stream, dst []byte, src Ptr) error
	Fill(s Stream, dst Ptr, value byte, bytes int) error
	Launch(s Stream, f Function, l *Launch) error

	// Close releases the context. All that is left in it goes with it.
	Close() error
}

// A Launch is how a kernel is run. Its one parameter is a struct that is laid out as C does.
type Launch struct {
	Grid, Block [3]int
	Shared      int // bytes of dynamic shared memory
	Args        unsafe.Pointer
	Size        int // bytes of Args
}

// An Error is a code of the driver (CUresult).
type Error struct {
	Call string // the function that returned it, such as cuMemAlloc
	Code int
	Name string // such as CUDA_ERROR_OUT_OF_MEMORY
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s (%d)", e.Call, e.Name, e.Code) }

// The codes that callers tell apart.
const (
	OutOfMemory    = 2
	NoDevice       = 100
	InvalidDevice  = 101
	InvalidPTX     = 218
	UnsupportedPTX = 222
)
