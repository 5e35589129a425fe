package backend

import (
	"context"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Holder is a device with memory of its own. It computes with copies of the weights, which remain in memory of the host. A copy is
// made when an operation first uses a tensor; who knows what comes next asks for it before. The least used copies make room for
// others.
type Holder interface {
	// Limit returns the bytes of its memory that may be used, for arenas, workspace and copies together.
	Limit() int64
	// CopyBytes returns the bytes that a copy of t takes, of whatever rank, where activations have type act.
	CopyBytes(act tensor.DType, t Tensor) int64
	// Holds reports whether there is a copy of t.
	Holds(act tensor.DType, t Tensor) bool
	// Load makes copies of the tensors that have none, for activations of type act. It returns when it has read them, the context
	// has ended or one of them could not be read; it may be called from another goroutine than operations.
	Load(ctx context.Context, act tensor.DType, tensors []Tensor) error
	// Evict drops the copies, once the operations issued before are done with them.
	Evict(tensors []Tensor)
}
