package backend

import "context"

// A Holder is a device that computes with copies of the weights, which remain in memory of the host. A copy is made when an
// operation first uses a tensor; who knows what comes next asks for it before. The least used copies make room for others.
type Holder interface {
	// Room returns the bytes that copies may take, all together.
	Room() int64
	// CopyBytes returns the bytes that a copy of t takes.
	CopyBytes(t Tensor) int64
	// Load makes copies of the tensors that have none. It returns when it has read them, the context has ended or one of them
	// could not be read; it may be called from another goroutine than operations.
	Load(ctx context.Context, tensors []Tensor) error
	// Evict drops the copies, once the operations issued before are done with them.
	Evict(tensors []Tensor)
}
