// Package native is NVIDIA's driver, as it is installed on this machine. Nothing of it is needed to build a program.
package native

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// arguments are as many as a function of the driver takes at most.
const arguments = 12

// libraries are the names of the driver: as it is installed, as it is where only files for developers are, and on WSL.
var libraries = []string{"libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"}

// functions are those of the driver, by the names that its library has for them. The suffixes are part of the interface that their
// arguments belong to.
var functions = []string{
	"cuInit", "cuDriverGetVersion", "cuGetErrorName",
	"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute",
	"cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2", "cuCtxSetCurrent",
	"cuMemGetInfo_v2", "cuMemAlloc_v2", "cuMemFree_v2", "cuMemHostAlloc", "cuMemFreeHost",
	"cuModuleLoadDataEx", "cuModuleGetFunction", "cuFuncSetAttribute",
	"cuStreamCreate", "cuStreamDestroy_v2", "cuStreamSynchronize", "cuStreamWaitEvent",
	"cuEventCreate", "cuEventDestroy_v2", "cuEventRecord", "cuEventSynchronize",
	"cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemsetD8Async", "cuLaunchKernel",
}

// A library is the functions of a driver.
type library map[string]uintptr

// Open loads the driver.
func Open() (driver.Driver, error) { return open(libraries...) }

// open loads the driver from the first of the files that there is.
func open(files ...string) (driver.Driver, error) {
	handle, err := openLibrary(files)
	if err != nil {
		return nil, err
	}
	l := library{}
	for _, name := range functions {
		if l[name] = symbol(handle, name); l[name] == 0 {
			return nil, fmt.Errorf("NVIDIA's driver is too old: it has no %s", name)
		}
	}
	return l, nil
}

// Version returns the newest CUDA version that the driver knows.
func (l library) Version() (int, error) {
	var version int32
	err := l.call(0, "cuDriverGetVersion", uintptr(unsafe.Pointer(&version)))
	return int(version), err
}

// Devices starts the driver and returns how many devices there are.
func (l library) Devices() (int, error) {
	if err := l.call(0, "cuInit", 0); err != nil {
		return 0, err
	}
	var n int32
	err := l.call(0, "cuDeviceGetCount", uintptr(unsafe.Pointer(&n)))
	return int(n), err
}

// call calls a function of the driver in a context, or in none if that is 0. What pointers among args point at stays where it is.
//
//go:uintptrescapes
func (l library) call(context uintptr, name string, args ...uintptr) error {
	var a [arguments]uintptr
	copy(a[:], args)
	if code := call(l["cuCtxSetCurrent"], context, l[name], &a); code != 0 {
		return &driver.Error{Call: strings.TrimSuffix(name, "_v2"), Code: code, Name: l.errorName(code)}
	}
	return nil
}

// errorName returns what the driver calls an error.
func (l library) errorName(code int) string {
	var name *byte
	if l.get("cuGetErrorName", uintptr(code), uintptr(unsafe.Pointer(&name))) != 0 || name == nil {
		return "an error without a name"
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(name), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(name, n))
}

// get is call for what needs no context and has no name for its error.
//
//go:uintptrescapes
func (l library) get(name string, args ...uintptr) int {
	var a [arguments]uintptr
	copy(a[:], args)
	return call(0, 0, l[name], &a)
}
