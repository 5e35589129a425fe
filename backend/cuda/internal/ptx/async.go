package ptx

import "bytes"

// A copying is a copy from global to shared memory under way. It arrives when the thread that asked for it waits for its group;
// the target may change from the moment it is asked for.
type copying struct {
	lane, group int
	to, from    uint64
	size, read  int // bytes written, and those of them that are read: the others become zero
	seen        [16]byte
}

// copyAsync decodes cp.async and what waits for it.
func (d *decoder) copyAsync(s *statement) {
	s.kind = acts
	switch {
	case !s.has("async"):
		d.fail(s.line, "unknown instruction")
	case s.has("commit_group"):
		d.operands(s, 0)
		s.run = func(w *warp) {
			for m := w.mask; m != 0; m &= m - 1 {
				w.groups[lowest(m)]++
			}
		}
	case s.has("wait_all"):
		d.operands(s, 0)
		s.run = func(w *warp) { w.arrive(-1) }
	case s.has("wait_group"):
		d.operands(s, 1)
		left := int(d.constantOperand(s, 0))
		s.run = func(w *warp) { w.arrive(left) }
	default:
		d.copyStart(s)
	}
}

func (d *decoder) copyStart(s *statement) {
	if len(s.args) != 3 && len(s.args) != 4 {
		d.fail(s.line, "%d operands", len(s.args))
	}
	size := int(d.constantOperand(s, 2))
	all := s.has("ca")
	if !s.has("shared") || !s.has("global") || !(all && (size == 4 || size == 8) || size == 16 && (all || s.has("cg"))) {
		d.fail(s.line, "no such copy")
	}
	to, from := d.accessOf(s, s.args[0]), d.accessOf(s, s.args[1])
	read := d.constant(constant{bits: 32, value: uint64(size)})
	if len(s.args) == 4 {
		read = d.source(s, 3, 32)
	}
	s.run = func(w *warp) {
		for m := w.mask; m != 0; m &= m - 1 {
			l := lowest(m)
			c := copying{
				lane: l, group: w.groups[l], to: w.address(to, l), from: w.address(from, l),
				size: size, read: int(w.r[read.index][l]),
			}
			w.startCopy(&c)
			w.copies = append(w.copies, c)
		}
	}
}

// startCopy checks what a copy reads and writes, and keeps others away from its target.
func (w *warp) startCopy(c *copying) {
	n := uint64(c.size)
	switch size := uint64(len(w.block.shared.bytes)); {
	case c.to%n != 0 || c.from%n != 0:
		w.fail(c.lane, "addresses %#x and %#x are not multiples of %d", c.to, c.from, n)
	case c.to > size || c.to+n > size:
		w.fail(c.lane, "address %d is outside of the %d bytes of shared memory", c.to, size)
	case c.read < 0 || c.read > c.size:
		w.fail(c.lane, "%d of %d bytes are to be read", c.read, c.size)
	}
	copy(c.seen[:], w.source(c))
	w.markShared(c.lane, c.to, n, inFlight|w.stamp(c.lane, w.barriers)&threadMask)
}

// source returns the bytes that a copy reads.
func (w *warp) source(c *copying) []byte {
	if c.read == 0 {
		return nil
	}
	b := w.block.run.memory.Bytes(c.from, c.read)
	if b == nil {
		w.fail(c.lane, "nothing is allocated for %d bytes at %#x", c.read, c.from)
	}
	return b
}

// arrive ends all copies of the lanes in the mask, but those of the last so many groups that were committed. With -1 it ends
// those that are not committed, too.
func (w *warp) arrive(left int) {
	rest := w.copies[:0]
	for i := range w.copies {
		c := &w.copies[i]
		if w.mask>>c.lane&1 == 0 || c.group+left >= w.groups[c.lane] && left >= 0 {
			rest = append(rest, *c)
			continue
		}
		w.endCopy(c)
	}
	w.copies = rest
}

func (w *warp) endCopy(c *copying) {
	if !bytes.Equal(w.source(c), c.seen[:c.read]) {
		w.fail(c.lane, "%d bytes at %#x have changed while they were copied", c.read, c.from)
	}
	copy(w.block.shared.bytes[c.to:], c.seen[:c.size])
	for j := c.to / 4; j < (c.to+uint64(c.size))/4; j++ {
		w.block.shared.renew(j, w.stamp(c.lane, w.barriers))
	}
}
