package backend

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Stream issues operations in order and owns the arena that their results live in.
// It is used by one goroutine at a time.
type Stream struct {
	// Poison fills released memory with NaN, so that a stale read is loud. For tests.
	Poison bool
	// OnBlock, if set, is told the number of each block of weights before it is used.
	OnBlock func(block int)

	b        Backend
	types    Types
	mem      *tensor.Memory
	top      int
	peak     int
	stop     *atomic.Bool
	call     call      // the operation under way
	operands [8]Tensor // of it
	cost     *Cost     // if set, operations are counted instead of run
}

const align = 256

// NewStream returns a Stream on b that computes with these types, which b must support, and whose arena has the given bytes.
func NewStream(b Backend, types Types, arena int) (*Stream, error) {
	if !types.Act.Valid() {
		return nil, fmt.Errorf("backend: activations of %v", types.Act)
	}
	if err := b.Supports(types); err != nil {
		return nil, err
	}
	mem, err := b.Alloc(arena)
	if err != nil {
		return nil, err
	}
	return &Stream{b: b, types: types.complete(), mem: mem, stop: new(atomic.Bool)}, nil
}

// complete returns t with Compute, which is F32 if it does not say.
func (t Types) complete() Types {
	if t.Compute == 0 {
		t.Compute = tensor.F32
	}
	return t
}

// compute returns what a product rounds its operands to that asks for a type.
func (s *Stream) compute(asked tensor.DType) tensor.DType {
	if asked == 0 {
		return s.types.Compute
	}
	return asked
}

// Close frees the arena. The backend stays open.
func (s *Stream) Close() { s.b.Free(s.mem) }

// New returns an uninitialised tensor of activations, valid until the enclosing Mark is released.
func (s *Stream) New(dims ...int) Tensor { return s.NewOf(s.types.Act, dims...) }

// NewOf is New for another element type.
func (s *Stream) NewOf(dt tensor.DType, dims ...int) Tensor {
	t := tensor.Make(nil, s.top, dt, dims...)
	bytes := (t.Len()*dt.Size() + align - 1) &^ (align - 1)
	if bytes < 0 || bytes > s.mem.Size-s.top {
		panic(fmt.Sprintf("backend: arena of %d bytes is too small for %v at %d", s.mem.Size, t, s.top))
	}
	t.Mem = s.mem
	s.top += bytes
	s.peak = max(s.peak, s.top)
	return t
}

// Like is New with the dimensions of x.
func (s *Stream) Like(x Tensor) Tensor { return s.likeOf(s.types.Act, x) }

// likeOf is Like for another element type.
func (s *Stream) likeOf(dt tensor.DType, x Tensor) Tensor {
	var room [tensor.MaxRank]int
	return s.NewOf(dt, x.AppendShape(room[:0])...)
}

// A Mark is a height of the arena.
type Mark int

// Mark returns the present height of the arena.
func (s *Stream) Mark() Mark { return Mark(s.top) }

// Release gives back everything allocated since m.
func (s *Stream) Release(m Mark) {
	if m < 0 || int(m) > s.top {
		panic(fmt.Sprintf("backend: release to %d of an arena that is used up to %d", m, s.top))
	}
	if s.Poison && s.mem.Host != nil {
		s.b.Sync()
		nan := tensor.FromFloat32s([]float32{float32(math.NaN())}, 1)
		for released := s.mem.Host[m:s.top]; len(released) >= 4; released = released[4:] {
			copy(released, tensor.Bytes(nan))
		}
	}
	s.top = int(m)
}

// Peak returns the greatest height of the arena so far, in bytes.
func (s *Stream) Peak() int { return s.peak }

// Do runs f. Once ctx ends, the operations of f do nothing. Do then waits for the device and returns the error of ctx,
// of the device, or of a mapped file that could not be read. Everything f allocates is released.
func (s *Stream) Do(ctx context.Context, f func()) error {
	defer s.Release(s.Mark())
	return s.Keep(ctx, f)
}

// Keep is Do, but what f allocates stays, for later calls.
func (s *Stream) Keep(ctx context.Context, f func()) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := new(atomic.Bool)
	s.stop = stop
	s.b.StopOn(stop)
	defer context.AfterFunc(ctx, func() { stop.Store(true) })()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = Fault(r, s.operands[:]...)
		}
	}()
	f()
	if err := s.b.Sync(); err != nil {
		return err
	}
	return ctx.Err()
}

// Block says that the operations that follow use the weights of a block, as a network's constructor has numbered it.
func (s *Stream) Block(number int) {
	if s.OnBlock != nil && !s.stop.Load() {
		s.OnBlock(number)
	}
}

// Stopped reports whether operations have stopped because the context of Do has ended.
func (s *Stream) Stopped() bool { return s.stop.Load() }

// Fault returns the error for r, the panic of a read from a mapped file that one of the tensors lies in. Any other panic goes on.
func Fault(r any, tensors ...Tensor) error {
	if e, ok := r.(interface{ Addr() uintptr }); ok {
		for _, t := range tensors {
			if t.Mem != nil && t.Mem.File != "" && t.Mem.Contains(e.Addr()) {
				return &FileError{File: t.Mem.File}
			}
		}
	}
	panic(r)
}
