// Package cuda runs kernels on an NVIDIA GPU. It needs the driver and nothing else: kernels are PTX, which the driver compiles.
package cuda

import (
	"fmt"
	"slices"
	"sync"
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
	name            string
	device          driver.Device
	compute         driver.Stream // of kernels
	transfer        driver.Stream // of weights that are loaded ahead of their use
	functions       map[string]*function
	multiprocessors int // for which kernels are chosen
	queue           queue
	mu              sync.Mutex // of memory and weights
	memory          memory
	copies          weights
	staging         staging
	staged          *slot      // that Stage returned
	work            area       // of kernels
	converted       area       // an operand in device memory as numbers of another type
	idFault         driver.Ptr // set by Gather
	word            []byte     // page-locked, for what is there
	stop            *atomic.Bool
	failure         failure
	undo            []func() // what Close does
}

var _ backend.Backend = (*Backend)(nil)

// sharedByDefault is what every kernel may have.
const sharedByDefault = 48 << 10

// A function is a kernel.
type function struct {
	handle driver.Function
	shared int // bytes of dynamic shared memory that it may have
}

// Name returns such as "cuda:0".
func (b *Backend) Name() string { return b.name }

// Supports returns an error unless activations are F32 or BF16. All kinds of weights are read.
func (b *Backend) Supports(t backend.Types) error {
	if t.Act != 0 && t.Act != tensor.F32 && t.Act != tensor.BF16 {
		return fmt.Errorf("cuda: activations of %v are not supported, only of %v and %v", t.Act, tensor.F32, tensor.BF16)
	}
	if w := t.Weight.Matrix; w.DType() == tensor.I8 && w.Rank() != 2 {
		return fmt.Errorf("cuda: convolutions with weights of %v are not supported", w.DType())
	}
	if t.Compute != 0 && t.Compute != tensor.F32 && t.Compute != t.Act {
		return fmt.Errorf("cuda: products of %v are not supported for activations of %v", t.Compute, t.Act)
	}
	return nil
}

// FusesNorm returns false: Conv2D does not normalise what it reads.
func (b *Backend) FusesNorm() bool { return false }

// FusesGlu returns false: Gemm does not multiply the halves of its outputs.
func (b *Backend) FusesGlu() bool { return false }

// StopOn makes operations do nothing once stop is true. Those that the device was given before end by themselves.
func (b *Backend) StopOn(stop *atomic.Bool) { b.stop = stop }

func (b *Backend) stopped() bool { return b.stop != nil && b.stop.Load() }

// Sync waits for all operations. An id that Gather's table does not have panics here, where it is known.
func (b *Backend) Sync() error {
	b.fail(b.device.ToHost(b.compute, b.word, b.idFault))
	b.fail(b.device.SyncStream(b.compute))
	b.copies.clock.Add(1) // none is under way
	wrongID := slices.Max(b.word) != 0
	if wrongID {
		clear(b.word)
		b.fail(b.device.Fill(b.compute, b.idFault, 0, len(b.word)))
	}
	if err := b.failure.take(); err != nil {
		return err
	}
	if wrongID {
		panic("cuda: Gather: an id is not that of a row of the table")
	}
	return nil
}

// address returns where t is on the device: in its memory, or in a copy of the host's that is made as it is stored.
func (b *Backend) address(t Tensor) driver.Ptr {
	if t.IsZero() {
		return 0
	}
	return b.copyOf(t, t.DType())
}

// matrix returns where the weights w are on the device as numbers of type dt, which is theirs or what they are rounded to. Codes of
// int8 remain what they are.
func (b *Backend) matrix(w Tensor, dt tensor.DType) driver.Ptr {
	if w.DType() == tensor.I8 {
		dt = tensor.I8
	}
	return b.copyOf(w, dt)
}

// launch runs a kernel, whose only parameter is the struct that args points at. Every thread block has so many threads.
func launch[A any](b *Backend, kernel string, grid [3]int, threads, shared int, args *A) {
	if b.stopped() || b.failure.happened() {
		return
	}
	f, ok := b.functions[kernel]
	if !ok {
		panic(fmt.Sprintf("cuda: no kernel %s", kernel))
	}
	if shared > f.shared {
		b.fail(b.device.AllowShared(f.handle, shared))
		f.shared = shared
	}
	err := b.device.Launch(b.compute, f.handle, &driver.Launch{
		Grid: grid, Block: [3]int{threads, 1, 1}, Shared: shared, Args: unsafe.Pointer(args), Size: int(unsafe.Sizeof(*args)),
	})
	if err != nil {
		b.fail(fmt.Errorf("kernel %s: %w", kernel, err))
	}
	b.copies.ran = true
	b.fail(b.queue.launched(b.device, b.compute))
}
