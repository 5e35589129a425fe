package cuda

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// A slab is memory of copies that were loaded together, such as those of a block of weights. Without copies it is a spare, for
// others of as many bytes.
type slab struct {
	at     driver.Ptr
	bytes  int
	copies []*held
	used   int64         // the operation that was last given one of the copies, or before which they were loaded
	loaded chan struct{} // closed when the host has been read
	ready  driver.Event  // if there is one, kernels have to wait for it
	idle   driver.Event  // of a spare: the kernels that it was given to are done
}

// bytes returns those that copies take, and spares.
func (w *weights) bytes() (n int64) {
	for _, s := range slices.Concat(w.slabs, w.spares) {
		n += int64(s.bytes)
	}
	return n
}

// bring makes copies, through s. It ends early once stop says so, and then there are none of them.
func (b *Backend) bring(s driver.Stream, stop func() bool, sources []source) error {
	home, sources, err := b.reserve(s, sources)
	if len(sources) == 0 || err != nil {
		return err
	}
	complete := false
	defer func() { b.settle(s, home, complete) }() // though reading may fault
	for _, from := range sources {
		if err := b.send(s, stop, from); err != nil {
			return err
		}
	}
	complete = !stop()
	return nil
}

// reserve returns a slab for the copies that nobody has begun to make, and these.
func (b *Backend) reserve(s driver.Stream, sources []source) (*slab, []source, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	sources = slices.DeleteFunc(sources, func(from source) bool { return from.extent.copy(from.to) != nil })
	bytes := 0
	for _, from := range sources {
		bytes += rounded(from.bytes())
	}
	if bytes == 0 {
		return nil, nil, nil
	}
	home, err := b.place(s, bytes)
	if err != nil {
		return nil, nil, err
	}
	home.loaded, home.used = make(chan struct{}), b.copies.clock.Load()-1 // no operation has been given it yet
	at := home.at
	for _, from := range sources {
		from.slab, from.at = home, at
		from.extent.copies = append(from.extent.copies, from.held)
		home.copies = append(home.copies, from.held)
		at += driver.Ptr(rounded(from.bytes()))
	}
	b.copies.slabs = append(b.copies.slabs, home)
	return home, sources, nil
}

// place returns a slab of so many bytes that s may write to: a spare, or more memory.
func (b *Backend) place(s driver.Stream, bytes int) (*slab, error) {
	w := &b.copies
	if i := slices.IndexFunc(w.spares, func(s *slab) bool { return s.bytes == bytes }); i >= 0 {
		spare := w.spares[i]
		w.spares = slices.Delete(w.spares, i, i+1)
		b.fail(b.device.Wait(s, spare.idle))
		b.recycle(&spare.idle)
		return &slab{at: spare.at, bytes: bytes}, nil
	}
	at, err := b.grow(bytes)
	return &slab{at: at, bytes: bytes}, err
}

// settle ends the loading of a slab, whose copies are dropped if it is not complete.
func (b *Backend) settle(s driver.Stream, home *slab, complete bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s != b.compute {
		home.ready = b.event()
		b.fail(b.device.Record(home.ready, s))
	}
	if !complete {
		b.vacate(home)
	}
	close(home.loaded)
}

// await makes kernels wait until what a slab holds has arrived.
func (b *Backend) await(s *slab) {
	if s.ready != 0 {
		b.fail(b.device.Wait(b.compute, s.ready))
		b.recycle(&s.ready)
	}
}

// isLoaded reports whether loading has ended.
func (s *slab) isLoaded() bool {
	select {
	case <-s.loaded:
		return true
	default:
		return false
	}
}

// drop forgets a copy. With the last one its slab becomes a spare.
func (b *Backend) drop(h *held) {
	s, w := h.slab, &b.copies
	is := func(other *held) bool { return other == h }
	h.extent.copies = slices.DeleteFunc(h.extent.copies, is)
	if s.copies = slices.DeleteFunc(s.copies, is); len(s.copies) > 0 {
		return
	}
	b.await(s)
	s.idle = b.event()
	b.fail(b.device.Record(s.idle, b.compute))
	w.slabs = slices.DeleteFunc(w.slabs, func(other *slab) bool { return other == s })
	w.spares = append(w.spares, s)
}

// vacate drops all copies in a slab.
func (b *Backend) vacate(s *slab) {
	for _, h := range slices.Clone(s.copies) {
		b.drop(h)
	}
}

// sweep drops the copies of memory that is gone.
func (b *Backend) sweep() {
	for key, extents := range b.copies.extents {
		if m := key.Value(); m != nil && m.Host != nil {
			continue
		}
		delete(b.copies.extents, key)
		for _, e := range extents {
			for _, h := range slices.Clone(e.copies) {
				b.drop(h)
			}
		}
	}
}

// yield gives memory of copies back to the device: a spare, or else the slab that was not used for the longest time. It reports
// whether there was one.
func (b *Backend) yield() bool {
	w := &b.copies
	if len(w.spares) == 0 {
		var oldest *slab
		for _, s := range w.slabs {
			if s.isLoaded() && s.used < b.copies.clock.Load() && (oldest == nil || s.used < oldest.used) {
				oldest = s
			}
		}
		if oldest == nil {
			return false
		}
		b.vacate(oldest)
	}
	s := w.spares[0]
	w.spares = w.spares[1:]
	b.fail(b.device.SyncEvent(s.idle))
	b.recycle(&s.idle)
	b.give(s.at)
	return true
}

// event returns one that nothing waits for.
func (b *Backend) event() driver.Event {
	w := &b.copies
	if n := len(w.events); n > 0 {
		e := w.events[n-1]
		w.events = w.events[:n-1]
		return e
	}
	e, err := b.newEvent()
	b.fail(err)
	return e
}

// recycle takes an event back: who is to wait for it has been told.
func (b *Backend) recycle(e *driver.Event) {
	b.copies.events = append(b.copies.events, *e)
	*e = 0
}
