package ptx

import "encoding/binary"

// atom decodes atom and red: a number of 32 bits in global memory is read, changed and written with nothing in between. Blocks
// come in no order, and so may their changes.
func (d *decoder) atom(s *statement) {
	typ, size := d.typed(s)
	s.one("relaxed", "acq_rel", "acquire", "release")
	s.one("gpu", "cta", "sys")
	op := s.one("add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec")
	change := reductionOf(op, typ)
	switch op {
	case "exch":
		change = func(_, b uint32) uint32 { return b }
	case "cas":
		change = func(a, _ uint32) uint32 { return a }
	}
	if change == nil || size != 32 || typ == "f32" {
		d.fail(s.line, "no such atomic operation: floats would depend on the order, and others are not needed")
	}
	first := 1
	to := d.sink(32)
	if s.op == "red" {
		first = 0
	} else {
		to = d.dest(s, 0, 32)
	}
	d.atomic(s, op, to, first, change)
}

func (d *decoder) atomic(s *statement, op string, to register, first int, change func(a, b uint32) uint32) {
	if len(s.args) < first+2 {
		d.fail(s.line, "too few operands")
	}
	a := d.accessOf(s, s.args[first])
	if a.space != global && a.space != generic {
		d.fail(s.line, "only global memory is changed so")
	}
	a.size = 4
	b := d.source(s, first+1, 32)
	with := b
	if op == "cas" {
		with = d.source(s, first+2, 32)
	}
	s.kind = acts
	s.run = func(w *warp) {
		mutex := &w.block.run.atomic
		mutex.Lock()
		defer mutex.Unlock()
		for m := w.mask; m != 0; m &= m - 1 {
			l := lowest(m)
			p := w.word(a, l)
			old := binary.LittleEndian.Uint32(p)
			v := change(old, w.r[b.index][l])
			if op == "cas" && old == w.r[b.index][l] {
				v = w.r[with.index][l]
			}
			binary.LittleEndian.PutUint32(p, v)
			w.r[to.index][l] = old
		}
	}
}

// word returns the four bytes of global memory that a lane accesses.
func (w *warp) word(a *access, lane int) []byte {
	at := w.address(a, lane)
	if at%4 != 0 {
		w.fail(lane, "address %#x is not a multiple of 4", at)
	}
	p := w.block.run.memory.Bytes(at, 4)
	if p == nil {
		w.fail(lane, "nothing is allocated for 4 bytes at %#x", at)
	}
	return p
}
