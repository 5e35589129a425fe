package cuda

import (
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func (b *Backend) Name() string                                { return b.name }
func (b *Backend) Supports(t backend.Types) error              { panic("cuda.go") }
func (b *Backend) Reaches(t Tensor) bool                       { panic("memory.go") }
func (b *Backend) Alloc(bytes int) (*tensor.Memory, error)     { panic("memory.go") }
func (b *Backend) AllocHost(bytes int) (*tensor.Memory, error) { panic("memory.go") }
func (b *Backend) FusesNorm() bool                             { return false }
func (b *Backend) Free(m *tensor.Memory)                       { panic("memory.go") }
func (b *Backend) Upload(dst Tensor, fill func(dst []byte))    { panic("staging.go") }
func (b *Backend) Download(dst []byte, src Tensor)             { panic("staging.go") }
func (b *Backend) Sync() error                                 { panic("cuda.go") }
func (b *Backend) StopOn(stop *atomic.Bool)                    { b.stop = stop }
func (b *Backend) Scratch() int                                { panic("workspace.go") }
func (b *Backend) Close() error                                { panic("cuda.go") }

// workspace returns so many bytes of device memory, which are the caller's until the next operation.
func (b *Backend) workspace(bytes int) driver.Ptr { panic("workspace.go") }

// copyOf returns where t is on the device as numbers of type dt, with the strides that it has.
func (b *Backend) copyOf(t Tensor, dt tensor.DType) driver.Ptr { panic("weights.go") }
