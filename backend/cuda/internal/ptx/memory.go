package ptx

import (
	"encoding/binary"
	"math"
)

// Generic addresses of what is not global memory. Devices have nothing there.
const (
	window       = 1 << 56
	sharedWindow = 1 * window
	localWindow  = 2 * window
	dataWindow   = 3 * window
)

// A space is a kind of memory.
type space int

const (
	global space = iota
	inShared
	inLocal
	inData
	inParam
	generic
)

var spaces = map[string]space{"global": global, "shared": inShared, "local": inLocal, "const": inData, "param": inParam}

// An access is what a load or store does in every lane.
type access struct {
	space  space
	base   register
	offset uint64
	size   int // bytes of a lane: all elements of a vector
	write  bool
}

// address returns where a lane's access is.
func (w *warp) address(a *access, lane int) uint64 {
	if a.base.bank == wide {
		return w.q[a.base.index][lane] + a.offset
	}
	return uint64(w.r[a.base.index][lane]) + a.offset
}

// locate sets where all lanes' accesses are.
func (w *warp) locate(a *access) {
	if a.base.bank == wide {
		base := &w.q[a.base.index]
		for l := range base {
			w.where[l] = base[l] + a.offset
		}
		return
	}
	base := &w.r[a.base.index]
	for l := range base {
		w.where[l] = uint64(base[l]) + a.offset
	}
}

// reach checks an access in all lanes of the mask, and returns the memory that w.where indexes for each.
func (w *warp) reach(a *access) []byte {
	w.locate(a)
	all, lo, hi := w.extent()
	n := uint64(a.size)
	if all&(n-1) != 0 {
		w.failMisaligned(n)
	}
	s := a.space
	if s == generic {
		s = w.spaceOf(lo, hi)
		lo, hi = w.inSpace(s, lo, hi)
	}
	switch s {
	case inShared:
		return w.reachShared(a, hi)
	case inLocal:
		return w.reachLocal(a)
	case inData:
		return w.reachConstant(a, w.block.kernel.module.data, dataWindow)
	case inParam:
		return w.reachConstant(a, w.block.run.launch.Args, 0)
	}
	if lo >= dataWindow && hi < dataWindow+window {
		return w.reachConstant(a, w.block.kernel.module.data, dataWindow)
	}
	return w.reachGlobal(a, lo, hi)
}

// extent returns the bits that are set in any address of the mask, and the lowest and the highest address.
func (w *warp) extent() (all, lo, hi uint64) {
	lo = math.MaxUint64
	if w.mask == allLanes {
		for _, at := range &w.where {
			all |= at
			lo, hi = min(lo, at), max(hi, at)
		}
		return all, lo, hi
	}
	for m := w.mask; m != 0; m &= m - 1 {
		at := w.where[lowest(m)&31]
		all |= at
		lo, hi = min(lo, at), max(hi, at)
	}
	return all, lo, hi
}

func (w *warp) failMisaligned(n uint64) {
	for m := w.mask; m != 0; m &= m - 1 {
		if l := lowest(m); w.where[l]%n != 0 {
			w.fail(l, "address %#x is not a multiple of %d", w.where[l], n)
		}
	}
}

// spaceOf returns what generic addresses point into.
func (w *warp) spaceOf(lo, hi uint64) space {
	if lo/window != hi/window {
		w.fail(lowest(w.mask), "addresses %#x and %#x are in different kinds of memory", lo, hi)
	}
	switch lo / window {
	case sharedWindow / window:
		return inShared
	case localWindow / window:
		return inLocal
	}
	return global
}

// inSpace makes the generic addresses of the mask such of space s.
func (w *warp) inSpace(s space, lo, hi uint64) (uint64, uint64) {
	if s != inShared {
		return lo, hi
	}
	for l := range w.where {
		w.where[l] -= sharedWindow
	}
	return lo - sharedWindow, hi - sharedWindow
}

func (w *warp) reachShared(a *access, hi uint64) []byte {
	bytes := w.block.shared.bytes
	n := uint64(a.size)
	if hi+n > uint64(len(bytes)) || hi+n < hi {
		w.failBounds(n, 0, len(bytes), "shared memory")
	}
	if !a.write {
		w.readShared(n)
		return bytes
	}
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m) & 31
		w.writeShared(l, w.where[l], n)
	}
	return bytes
}

// failBounds blames the first lane that is outside of [base, base+size).
func (w *warp) failBounds(n, base uint64, size int, what string) {
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m)
		if at := w.where[l] - base; at > uint64(size) || at+n > uint64(size) {
			w.fail(l, "address %d is outside of the %d bytes of %s", int64(at), size, what)
		}
	}
}

func (w *warp) reachConstant(a *access, bytes []byte, base uint64) []byte {
	n := uint64(a.size)
	if a.write {
		w.fail(lowest(w.mask), "memory is only to be read")
	}
	w.failBounds(n, base, len(bytes), "parameters or constants")
	for l := range w.where {
		w.where[l] -= base
	}
	return bytes
}

func (w *warp) reachGlobal(a *access, lo, hi uint64) []byte {
	n := uint64(a.size)
	if hi-lo < 1<<31 {
		if bytes := w.block.run.memory.Bytes(lo, int(hi-lo+n)); bytes != nil {
			if a.write {
				w.noteWrites(&w.where, n)
			}
			for l := range w.where {
				w.where[l] -= lo
			}
			return bytes
		}
	}
	return w.reachScattered(a)
}

// reachScattered gathers what is in several allocations in w.gather. A store has to scatter it again.
func (w *warp) reachScattered(a *access) []byte {
	w.scattered = w.where
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m)
		bytes := w.block.run.memory.Bytes(w.where[l], a.size)
		if bytes == nil {
			w.fail(l, "nothing is allocated for %d bytes at %#x", a.size, w.where[l])
		}
		copy(w.gather[16*l:], bytes)
		w.where[l] = uint64(16 * l)
	}
	if a.write {
		w.noteWrites(&w.scattered, uint64(a.size))
	}
	return w.gather[:]
}

// scatter stores what has been gathered, if the last access was to several allocations.
func (w *warp) scatter(a *access, bytes []byte) {
	if &bytes[0] != &w.gather[0] {
		return
	}
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m)
		copy(w.block.run.memory.Bytes(w.scattered[l], a.size), bytes[16*l:])
	}
}

// A loader copies an element of every lane in the mask to a register.
type loader func(w *warp, dst int, bytes []byte, skip uint64)

// loaderOf returns how elements of a type are loaded to registers, which are wider perhaps.
func loaderOf(typ string, r register) loader {
	size := typeBits[typ]
	switch {
	case size == 32 && r.bits == 32:
		return load32
	case size == 64:
		return load64
	case size == 16 && r.bits == 16:
		return load16
	}
	return loadExtended(size, typ[0] == 's', r)
}

func loadExtended(size int, signed bool, r register) loader {
	return func(w *warp, _ int, bytes []byte, skip uint64) {
		for m := w.mask; m != 0; m &= m - 1 {
			l := lowest(m) & 31
			v := loadNumber(bytes[w.where[l]+skip:], size)
			if signed {
				v = uint64(int64(v<<(64-size)) >> (64 - size))
			}
			w.setValue(r, l, v)
		}
	}
}

func loadNumber(b []byte, size int) uint64 {
	switch size {
	case 8:
		return uint64(b[0])
	case 16:
		return uint64(binary.LittleEndian.Uint16(b))
	case 32:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

func load16(w *warp, dst int, bytes []byte, skip uint64) {
	d := &w.r[dst]
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m) & 31
		d[l] = uint32(binary.LittleEndian.Uint16(bytes[w.where[l]+skip:]))
	}
}

func load32(w *warp, dst int, bytes []byte, skip uint64) {
	d := &w.r[dst]
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m) & 31
		d[l] = binary.LittleEndian.Uint32(bytes[w.where[l]+skip:])
	}
}

func load64(w *warp, dst int, bytes []byte, skip uint64) {
	d := &w.q[dst]
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m) & 31
		d[l] = binary.LittleEndian.Uint64(bytes[w.where[l]+skip:])
	}
}

// store copies one register of every lane in the mask to memory.
func (w *warp) store(src register, size int, bytes []byte, skip uint64) {
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m) & 31
		b := bytes[w.where[l]+skip:]
		switch size {
		case 1:
			b[0] = byte(w.r[src.index][l])
		case 2:
			binary.LittleEndian.PutUint16(b, uint16(w.r[src.index][l]))
		case 4:
			binary.LittleEndian.PutUint32(b, w.r[src.index][l])
		default:
			binary.LittleEndian.PutUint64(b, w.q[src.index][l])
		}
	}
}
