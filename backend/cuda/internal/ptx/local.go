package ptx

// A localMemory holds the local memory of a warp's threads, one after the other.
type localMemory struct {
	size    int // of one thread
	bytes   []byte
	written []bool
}

func (m *localMemory) resize(size int) {
	if m.size != size || m.bytes == nil {
		m.size, m.bytes, m.written = size, make([]byte, 32*size), make([]bool, 32*size)
	}
}

func (m *localMemory) reset() { clear(m.written) }

func (w *warp) reachLocal(a *access) []byte {
	n := uint64(a.size)
	w.failBounds(n, localWindow, w.local.size, "local memory")
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m)
		at := w.where[l] - localWindow + uint64(l*w.local.size)
		w.where[l] = at
		for i := at; i < at+n; i++ {
			if a.write {
				w.local.written[i] = true
			} else if !w.local.written[i] {
				w.fail(l, "local memory is read before it is written")
			}
		}
	}
	return w.local.bytes
}
