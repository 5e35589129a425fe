package ptx

// mov decodes moves, which also split a register into parts or join it of them.
func (d *decoder) mov(s *statement) {
	_, size := d.typed(s)
	d.operands(s, 2)
	to, from := s.args[0], s.args[1]
	switch {
	case to.kind == vector:
		d.splitParts(s, size)
	case from.kind == vector:
		d.joinParts(s, size)
	case size == 1:
		to, from := d.dest(s, 0, 1).index, d.predicate(s, 1)
		s.run = func(w *warp) { w.p[to] = from(w) }
	case size == 64:
		fromOne(d, s, size, func(to, a *[32]uint64) { *to = *a })
	default:
		fromOne(d, s, size, func(to, a *[32]uint32) { *to = *a })
	}
}

func (d *decoder) splitParts(s *statement, size int) {
	parts := s.args[0].list
	bits := size / len(parts)
	from := d.source(s, 1, size)
	var to []register
	for _, p := range parts {
		to = append(to, d.destOf(s, p, bits, false))
	}
	s.run = func(w *warp) {
		for l := range 32 {
			v := w.value(from, l)
			for i, r := range to {
				w.r[r.index][l] = uint32(v >> (i * bits) & (1<<bits - 1))
			}
		}
	}
}

func (d *decoder) joinParts(s *statement, size int) {
	parts := s.args[1].list
	bits := size / len(parts)
	to := d.dest(s, 0, size)
	var from []register
	for _, p := range parts {
		from = append(from, d.sourceOf(s, p, bits, false))
	}
	s.run = func(w *warp) {
		for l := range 32 {
			v := uint64(0)
			for i, r := range from {
				v |= w.value(r, l) << (i * bits)
			}
			w.setValue(to, l, v)
		}
	}
}

// value returns what a lane of r holds.
func (w *warp) value(r register, lane int) uint64 {
	switch r.bank {
	case wide:
		return w.q[r.index][lane]
	case narrow:
		return uint64(w.r[r.index][lane])
	}
	return uint64(w.p[r.index] >> lane & 1)
}

// setValue sets a lane of r, whose bits above its size are not looked at.
func (w *warp) setValue(r register, lane int, v uint64) {
	switch {
	case r.bank == wide:
		w.q[r.index][lane] = v
	case r.bits == 16:
		w.r[r.index][lane] = uint32(uint16(v))
	case r.bank == narrow:
		w.r[r.index][lane] = uint32(v)
	default:
		w.p[r.index] = w.p[r.index]&^(1<<lane) | uint32(v&1)<<lane
	}
}
