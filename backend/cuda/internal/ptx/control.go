package ptx

func (d *decoder) bra(s *statement) {
	d.operands(s, 1)
	s.has("uni")
	s.kind = branches
	s.label = s.args[0].name
}

// brx branches to one of a table of labels.
func (d *decoder) brx(s *statement) {
	d.operands(s, 2)
	if !s.has("idx") {
		d.fail(s.line, "unknown instruction")
	}
	s.has("uni")
	which := d.source(s, 0, 32)
	s.label = s.args[1].name
	s.kind = indexes
	s.run = func(w *warp) {
		targets := w.current.targets
		for m := w.mask; m != 0; m &= m - 1 {
			l := lowest(m)
			i := w.r[which.index][l]
			if int(i) >= len(targets) {
				w.fail(l, "%d is not among %d labels", i, len(targets))
			}
			w.park(targets[i], 1<<l)
		}
		w.park(w.pc, w.lanes&^w.mask)
		w.resume()
	}
}

func (d *decoder) ret(s *statement) {
	d.operands(s, 0)
	s.has("uni")
	s.kind = ends
}

func (d *decoder) trap(s *statement) {
	s.kind = acts
	s.run = func(w *warp) { w.fail(lowest(w.mask), "trap") }
}

// bar decodes bar.sync 0, the barrier of the block, and bar.warp.sync.
func (d *decoder) bar(s *statement) {
	d.operands(s, 1)
	s.has("aligned")
	switch {
	case s.has("warp") && s.has("sync"):
		d.barWarp(s)
	case s.has("sync") && s.args[0].kind == immediate && s.args[0].value == 0:
		s.kind = blocks
	default:
		d.fail(s.line, "only barrier 0 of all threads is known")
	}
}

func (d *decoder) barWarp(s *statement) {
	members := d.source(s, 0, 32)
	s.kind = acts
	s.run = func(w *warp) {
		if w.meet(members) {
			w.barriers++
		}
	}
}

// fence does nothing: memory is the same for all threads at once.
func (d *decoder) fence(s *statement) {
	d.operands(s, 0)
	s.mods = nil
	s.run = func(*warp) {}
}
