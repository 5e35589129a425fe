package ptx

// meet checks that the lanes named by each one's mask of members are here, and says whether these are all.
func (w *warp) meet(members register) (together bool) {
	together = true
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m)
		all := w.r[members.index][l]
		if all>>l&1 == 0 {
			w.fail(l, "not a member of its own mask %#x", all)
		}
		if missing := all &^ w.mask; missing != 0 {
			w.fail(l, "lane %d is missing", lowest(missing))
		}
		together = together && all == w.alive
	}
	if together {
		w.meetings++
	}
	return together
}

// aligned fails unless all lanes are here.
func (w *warp) aligned() {
	if w.mask != allLanes {
		w.fail(lowest(w.mask), "lane %d is missing", lowest(^w.mask))
	}
	w.meetings++
}

// shfl decodes the exchange of a register within a warp.
func (d *decoder) shfl(s *statement) {
	d.typed(s)
	d.operands(s, 5)
	how := s.one("up", "down", "bfly", "idx")
	if !s.has("sync") || how == "" {
		d.fail(s.line, "no such exchange")
	}
	to, p := d.dest(s, 0, 32), d.sink(1)
	if also := s.args[0].also; also != nil {
		p = d.destOf(s, *also, 1, false)
	}
	a, b, c, members := d.source(s, 1, 32), d.source(s, 2, 32), d.source(s, 3, 32), d.source(s, 4, 32)
	s.kind = acts
	s.run = func(w *warp) {
		w.meet(members)
		from := w.r[a.index]
		for m := w.mask; m != 0; m &= m - 1 {
			l := lowest(m)
			other, ok := partner(how, l, int(w.r[b.index][l]&31), w.r[c.index][l])
			if w.r[members.index][l]>>other&1 == 0 {
				w.fail(l, "lane %d is read, which is not a member", other)
			}
			w.r[to.index][l] = from[other]
			w.p[p.index] = w.p[p.index]&^(1<<l) | bit(ok)<<l
		}
	}
}

// partner returns the lane that another's register is read from, and whether it is within the segment that c describes; if it
// is not, a lane reads its own.
func partner(how string, lane, b int, c uint32) (int, bool) {
	segment, clamp := int(c>>8&31), int(c&31)
	last := lane&segment | clamp&^segment
	first := lane & segment
	var j int
	var ok bool
	switch how {
	case "up":
		j = lane - b
		ok = j >= last
	case "down":
		j = lane + b
		ok = j <= last
	case "bfly":
		j = lane ^ b
		ok = j <= last
	default:
		j = first | b&^segment
		ok = j <= last
	}
	if !ok {
		j = lane
	}
	return j, ok
}

// vote decodes what a warp says of a predicate.
func (d *decoder) vote(s *statement) {
	_, size := d.typed(s)
	d.operands(s, 3)
	how := s.one("all", "any", "uni", "ballot")
	if !s.has("sync") || how == "" || (how == "ballot") != (size == 32) {
		d.fail(s.line, "no such vote")
	}
	to, p, members := d.dest(s, 0, size), d.predicate(s, 1), d.source(s, 2, 32)
	s.kind = acts
	s.run = func(w *warp) {
		w.meet(members)
		votes := p(w)
		for m := w.mask; m != 0; m &= m - 1 {
			l := lowest(m)
			all := w.r[members.index][l]
			w.setValue(to, l, uint64(outcome(how, votes&all, all)))
		}
	}
}

// outcome returns what a vote of all comes to if these say yes.
func outcome(how string, yes, all uint32) uint32 {
	switch how {
	case "all":
		return bit(yes == all)
	case "any":
		return bit(yes != 0)
	case "uni":
		return bit(yes == all || yes == 0)
	}
	return yes // the ballot
}

// redux decodes the reduction of a register over a warp.
func (d *decoder) redux(s *statement) {
	typ, _ := d.typed(s)
	d.operands(s, 3)
	combine := reductionOf(s.one("add", "min", "max", "and", "or", "xor"), typ)
	if !s.has("sync") || combine == nil {
		d.fail(s.line, "no such reduction")
	}
	to, a, members := d.dest(s, 0, 32), d.source(s, 1, 32), d.source(s, 2, 32)
	s.kind = acts
	s.run = func(w *warp) {
		w.meet(members)
		from := w.r[a.index]
		for m := w.mask; m != 0; m &= m - 1 {
			l := lowest(m)
			all := w.r[members.index][l]
			v := from[lowest(all)]
			for rest := all & (all - 1); rest != 0; rest &= rest - 1 {
				v = combine(v, from[lowest(rest)])
			}
			w.r[to.index][l] = v
		}
	}
}

// reductionOf returns how two numbers of a type become one, or nil.
func reductionOf(op, typ string) func(a, b uint32) uint32 {
	signed := typ == "s32"
	switch op {
	case "add":
		return func(a, b uint32) uint32 { return a + b }
	case "min", "max":
		return func(a, b uint32) uint32 {
			smaller := a < b
			if signed {
				smaller = int32(a) < int32(b)
			}
			if smaller == (op == "min") {
				return a
			}
			return b
		}
	}
	return combiners[op]
}

func (d *decoder) activemask(s *statement) {
	d.typed(s)
	d.operands(s, 1)
	to := d.dest(s, 0, 32)
	s.kind = acts
	s.run = func(w *warp) {
		for l := range 32 {
			if w.mask>>l&1 != 0 {
				w.r[to.index][l] = w.mask
			}
		}
	}
}
