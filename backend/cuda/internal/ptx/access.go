package ptx

// accessOf takes what says where and how memory is accessed off a statement, and leaves the type. The modifiers about caches
// change nothing here.
func (d *decoder) accessOf(s *statement, at operand) *access {
	if at.kind != address {
		d.fail(s.line, "no address")
	}
	a := &access{space: generic, offset: at.value}
	for name, space := range spaces {
		if s.has(name) {
			a.space = space
		}
	}
	for s.one("nc", "ca", "cg", "cs", "lu", "cv", "wb", "wt", "volatile", "relaxed", "weak", "gpu", "cta", "sys",
		"L1::no_allocate", "L1::evict_last", "L1::evict_first", "L1::evict_normal", "L2::64B", "L2::128B", "L2::256B") != "" {
	}
	base := at.list[0]
	switch {
	case base.kind == isRegister && base.reg.bank != predicate:
		a.base = d.sourceOf(s, base, base.reg.bits, false)
	case base.kind == immediate:
		a.base = d.constant(constant{64, base.value, base.begin})
	default:
		d.fail(s.line, "%s is no address", base.name)
	}
	return a
}

// elements returns the registers of a load or store: one, or those of a vector.
func (d *decoder) elements(s *statement, o operand) []operand {
	n := 1
	switch s.one("v2", "v4") {
	case "v2":
		n = 2
	case "v4":
		n = 4
	}
	list := []operand{o}
	if o.kind == vector {
		list = o.list
	}
	if len(list) != n {
		d.fail(s.line, "%d elements instead of %d", len(list), n)
	}
	return list
}

func (d *decoder) load(s *statement) {
	d.operands(s, 2)
	typ, size := d.typed(s)
	a := d.accessOf(s, s.args[1])
	list := d.elements(s, s.args[0])
	a.size = size / 8 * len(list)
	var load []loader
	var to []int
	for _, o := range list {
		r := d.destOf(s, o, size, true)
		load, to = append(load, loaderOf(typ, r)), append(to, r.index)
	}
	s.kind = acts
	s.run = func(w *warp) {
		bytes := w.reach(a)
		for i, load := range load {
			load(w, to[i], bytes, uint64(i*size/8))
		}
	}
}

func (d *decoder) store(s *statement) {
	d.operands(s, 2)
	_, size := d.typed(s)
	a := d.accessOf(s, s.args[0])
	a.write = true
	list := d.elements(s, s.args[1])
	a.size = size / 8 * len(list)
	var from []register
	for _, o := range list {
		from = append(from, d.sourceOf(s, o, size, true))
	}
	s.kind = acts
	s.run = func(w *warp) {
		bytes := w.reach(a)
		for i, r := range from {
			w.store(r, size/8, bytes, uint64(i*size/8))
		}
		w.scatter(a, bytes)
	}
}

// cvta makes generic addresses of such of one space, or the other way.
func (d *decoder) cvta(s *statement) {
	d.operands(s, 2)
	_, size := d.typed(s)
	to := s.has("to")
	delta := uint64(0)
	if s.one("shared", "global", "local", "const", "param") == "shared" {
		delta = sharedWindow
	}
	if to {
		delta = -delta
	}
	if size != 64 {
		d.fail(s.line, "addresses have 64 bits")
	}
	dst, src := d.dest(s, 0, 64).index, d.source(s, 1, 64).index
	s.run = func(w *warp) {
		to, from := &w.q[dst], &w.q[src]
		for l := range to {
			to[l] = from[l] + delta
		}
	}
}

// prefetch does nothing: what is prefetched has to be read.
func (d *decoder) prefetch(s *statement) {
	d.operands(s, 1)
	s.mods = nil
	s.run = func(*warp) {}
}
