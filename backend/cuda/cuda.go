// Package cuda runs kernels on an NVIDIA GPU. It needs the driver and nothing else: kernels are PTX, which the driver compiles.
package cuda

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// A Backend is one GPU.
type Backend struct {
	name      string
	device    driver.Device
	stream    driver.Stream // of kernels
	functions map[string]driver.Function
	stop      *atomic.Bool
	failed    error // the first error of the driver since Open: it sticks
	memory    map[*tensor.Memory]bool
}

var _ backend.Backend = (*Backend)(nil)

// address returns where t is on the device: in its memory, or in a copy of the host's that is made as it is stored.
func (b *Backend) address(t Tensor) driver.Ptr {
	if t.IsZero() {
		return 0
	}
	return b.copyOf(t, t.DType())
}

// matrix returns where the weights w are on the device as numbers of type dt, which is theirs or what they are rounded to.
func (b *Backend) matrix(w Tensor, dt tensor.DType) driver.Ptr { return b.copyOf(w, dt) }

// launch runs a kernel, whose only parameter is the struct that args points at. Every thread block has so many threads.
func launch[A any](b *Backend, kernel string, grid [3]int, threads, shared int, args *A) {
	if b.failed != nil || b.stop != nil && b.stop.Load() {
		return
	}
	f, ok := b.functions[kernel]
	if !ok {
		panic(fmt.Sprintf("cuda: no kernel %s", kernel))
	}
	b.fail(b.device.Launch(b.stream, f, &driver.Launch{
		Grid: grid, Block: [3]int{threads, 1, 1}, Shared: shared, Args: unsafe.Pointer(args), Size: int(unsafe.Sizeof(*args)),
	}))
}

// fail keeps the first error.
func (b *Backend) fail(err error) {
	if b.failed == nil {
		b.failed = err
	}
}
