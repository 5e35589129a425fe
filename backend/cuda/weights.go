package cuda

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sort"
	"sync/atomic"
	"weak"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Weights are host tensors, of which the device has copies. A copy is found by where the tensor is in the host's memory; a view of
// a tensor finds its elements within the copy of the whole, with the same strides.
type weights struct {
	extents map[weak.Pointer[tensor.Memory]][]*extent // by their beginnings
	slabs   []*slab                                   // that copies are in
	spares  []*slab                                   // that none is in any more, since the longest time in front
	events  []driver.Event                            // that nothing waits for
	clock   atomic.Int64                              // operations begun
	ran     bool                                      // a kernel was launched since
}

// An extent is consecutive numbers in memory of the host that are copied together.
type extent struct {
	lo, hi int // bytes
	from   tensor.DType
	to     tensor.DType // that kernels asked for last; 0: none has
	copies []*held
}

// A held is a copy of an extent.
type held struct {
	extent *extent
	to     tensor.DType
	at     driver.Ptr
	slab   *slab
	used   bool
}

// A source is the numbers that a copy is made of.
type source struct {
	*held
	numbers []byte
}

var _ backend.Holder = (*Backend)(nil)

// copyOf returns where t is on the device as numbers of type to, with the strides that it has. Once operations have stopped it is
// nowhere.
func (b *Backend) copyOf(t Tensor, to tensor.DType) driver.Ptr {
	if t.Len() == 0 {
		return 0
	}
	if t.Mem.Host == nil {
		return b.onDevice(t, to)
	}
	b.begin()
	for !b.stopped() && !b.failure.happened() {
		e, h := b.look(t, to)
		if h != nil {
			if at, ok := b.use(h, t); ok {
				return at
			}
			continue
		}
		err := b.bring(b.compute, b.stopped, []source{e.source(t, to)})
		if full := (*crowd)(nil); errors.As(err, &full) {
			<-full.loaded
			continue
		}
		b.fail(err)
	}
	return 0
}

// begin begins an operation if a kernel was launched since the last one began. Operations ask for all addresses, then launch: what
// they were given addresses of stays where it is until the next one.
func (b *Backend) begin() {
	if w := &b.copies; w.ran {
		w.clock.Add(1)
		w.ran = false
	}
}

// onDevice returns where t, which is in memory of the device, is as numbers of type to: another copy of it, if it has another type.
func (b *Backend) onDevice(t Tensor, to tensor.DType) driver.Ptr {
	if t.DType() == to {
		return driver.Ptr(t.Mem.Ptr) + driver.Ptr(t.Offset())
	}
	n := t.Extent() / t.DType().Size() // gaps between rows included
	m := &tensor.Memory{Size: n * to.Size()}
	m.Ptr = uintptr(b.converted.atLeast(b, m.Size))
	b.Copy(tensor.Make(m, 0, to, n), tensor.Make(t.Mem, t.Offset(), t.DType(), n))
	b.copies.ran = false // the operation that asks goes on
	return driver.Ptr(m.Ptr)
}

// look returns the extent that holds t, a new one if there is none, and its copy as numbers of type to, if there is one.
func (b *Backend) look(t Tensor, to tensor.DType) (*extent, *held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.copies.extent(t)
	return e, e.copy(to)
}

// use returns where t is in a copy, which kernels may read from now on. If loading it has failed, it is nowhere.
func (b *Backend) use(h *held, t Tensor) (at driver.Ptr, ok bool) {
	<-h.slab.loaded
	b.mu.Lock()
	defer b.mu.Unlock()
	e := h.extent
	if e.copy(h.to) != h {
		return 0, false
	}
	b.await(h.slab)
	h.slab.used, h.used, e.to = b.copies.clock.Load(), true, h.to
	if len(e.copies) > 1 {
		b.dropGuesses(e)
	}
	return h.at + driver.Ptr((t.Offset()-e.lo)/e.from.Size()*h.to.Size()), true
}

// dropGuesses drops copies of types that nobody has asked for.
func (b *Backend) dropGuesses(e *extent) {
	for _, h := range slices.Clone(e.copies) {
		if !h.used && h.slab.isLoaded() {
			b.drop(h)
		}
	}
}

// CopyBytes returns the bytes that a copy of t takes.
func (b *Backend) CopyBytes(act tensor.DType, t Tensor) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	to := usual(act, t)
	if t.Mem != nil {
		to = cmp.Or(b.copies.extent(t).to, to)
	}
	return int64(rounded(t.Extent() / t.DType().Size() * to.Size()))
}

// Holds reports whether there is a copy of t, of the type that Load would make it.
func (b *Backend) Holds(act tensor.DType, t Tensor) bool {
	return len(b.missing(act, []Tensor{t})) == 0
}

// Load makes copies of tensors that operations will use soon, of the types that kernels asked for before, or will probably ask for
// where activations have type act. It returns when it has read them.
func (b *Backend) Load(ctx context.Context, act tensor.DType, tensors []Tensor) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = backend.Fault(r, tensors...)
		}
	}()
	err = b.bring(b.transfer, func() bool { return ctx.Err() != nil }, b.missing(act, tensors))
	return cmp.Or(err, ctx.Err())
}

// missing returns where copies that there are not yet are made from.
func (b *Backend) missing(act tensor.DType, tensors []Tensor) (all []source) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range tensors {
		if t.Len() == 0 || t.Mem == nil || t.Mem.Host == nil {
			continue
		}
		e := b.copies.extent(t)
		to := cmp.Or(e.to, usual(act, t))
		if same := func(from source) bool { return from.extent == e }; e.copy(to) == nil && !slices.ContainsFunc(all, same) {
			all = append(all, e.source(t, to))
		}
	}
	return all
}

// Evict drops the copies of tensors, once the operations that were issued are done with them.
func (b *Backend) Evict(tensors []Tensor) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range tensors {
		if t.Len() == 0 || t.Mem == nil {
			continue
		}
		for _, h := range slices.Clone(b.copies.extent(t).copies) {
			if h.slab.isLoaded() {
				b.drop(h)
			}
		}
	}
}

// extent returns the smallest extent that is known to hold t. If there is none, t becomes one.
func (w *weights) extent(t Tensor) *extent {
	key, lo, hi := weak.Make(t.Mem), t.Offset(), t.Offset()+t.Extent()
	all := w.extents[key]
	next := sort.Search(len(all), func(i int) bool { return all[i].lo > lo })
	for i := next - 1; i >= 0; i-- {
		if e := all[i]; e.hi >= hi && e.from == t.DType() && (lo-e.lo)%e.from.Size() == 0 {
			return e
		}
	}
	e := &extent{lo: lo, hi: hi, from: t.DType()}
	w.extents[key] = slices.Insert(all, next, e)
	return e
}

// usual returns the type that a copy of t will probably have to have: matrices that of activations, vectors are F32.
func usual(act tensor.DType, t Tensor) tensor.DType {
	if t.Rank() >= 2 && t.DType().Float() {
		return act
	}
	return t.DType()
}

// source returns where a copy of the extent that holds t is made from.
func (e *extent) source(t Tensor, to tensor.DType) source {
	return source{&held{extent: e, to: to}, t.Mem.Host[e.lo:e.hi]}
}

func (e *extent) copy(to tensor.DType) *held {
	for _, h := range e.copies {
		if h.to == to {
			return h
		}
	}
	return nil
}

// bytes returns those of the copy.
func (h *held) bytes() int { return (h.extent.hi - h.extent.lo) / h.extent.from.Size() * h.to.Size() }
