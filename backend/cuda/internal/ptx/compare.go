package ptx

import "cmp"

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// setp decodes comparisons whose result is a predicate, p, or p|q where q is the opposite.
func (d *decoder) setp(s *statement) {
	if len(s.args) < 3 {
		d.fail(s.line, "too few operands")
	}
	typ, size := d.typed(s)
	combine := d.combiner(s)
	compare := d.comparison(s, typ, size, 1)
	to := d.destOf(s, s.args[0], 1, false).index
	opposite := d.sink(1)
	if q := s.args[0].also; q != nil {
		opposite = d.destOf(s, *q, 1, false)
	}
	other := opposite.index
	if combine == nil {
		d.operands(s, 3)
		s.run = func(w *warp) {
			w.p[to] = compare(w)
			w.p[other] = ^w.p[to]
		}
		return
	}
	d.operands(s, 4)
	with := d.predicate(s, 3)
	s.run = func(w *warp) {
		result, with := compare(w), with(w)
		w.p[to] = combine(result, with)
		w.p[other] = combine(^result, with)
	}
}

// combiner takes .and, .or or .xor.
func (d *decoder) combiner(s *statement) func(a, b uint32) uint32 {
	return combiners[s.one("and", "or", "xor")]
}

// comparison takes the kind of comparison, and returns what compares the operands from first on.
func (d *decoder) comparison(s *statement, typ string, size, first int) func(w *warp) uint32 {
	ftz := s.has("ftz")
	how := s.one("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs",
		"equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan")
	a, b := d.source(s, first, size), d.source(s, first+1, size)
	switch typ {
	case "f32":
		if ftz {
			return func(w *warp) uint32 { return flushed(how, as[float32](w, a), as[float32](w, b)) }
		}
		return compared[float32](d, s, how, a, b)
	case "f64":
		return compared[float64](d, s, how, a, b)
	case "s32":
		return compared[int32](d, s, how, a, b)
	case "u32", "b32":
		return compared[uint32](d, s, how, a, b)
	case "s64":
		return compared[int64](d, s, how, a, b)
	case "u64", "b64":
		return compared[uint64](d, s, how, a, b)
	case "u16", "b16":
		return compared[uint32](d, s, how, a, b)
	case "s16":
		compare := comparers[int32](how)
		return func(w *warp) uint32 {
			a, b := extend16(as[uint32](w, a)), extend16(as[uint32](w, b))
			return compare(&a, &b)
		}
	case "f16", "bf16":
		compare, h := comparers[float64](how), halfOf(typ)
		return func(w *warp) uint32 {
			a, b := h.values(as[uint32](w, a)), h.values(as[uint32](w, b))
			return compare(&a, &b)
		}
	}
	d.fail(s.line, "type %s is not known here", typ)
	return nil
}

func compared[T lane](d *decoder, s *statement, how string, a, b register) func(w *warp) uint32 {
	compare := comparers[T](how)
	if compare == nil {
		d.fail(s.line, "no such comparison")
	}
	return func(w *warp) uint32 { return compare(as[T](w, a), as[T](w, b)) }
}

func flushed(how string, a, b *[32]float32) uint32 {
	x, y := *a, *b
	for l := range x {
		x[l], y[l] = flush(x[l]), flush(y[l])
	}
	return comparers[float32](how)(&x, &y)
}

func extend16(a *[32]uint32) (v [32]int32) {
	for l := range a {
		v[l] = int32(int16(a[l]))
	}
	return v
}

func (h half) values(a *[32]uint32) (v [32]float64) {
	for l := range a {
		v[l] = h.value(a[l])
	}
	return v
}

// comparers returns the comparison of lanes called how. Those that end in u hold if an operand is NaN, too.
func comparers[T lane](how string) func(a, b *[32]T) uint32 {
	switch how {
	case "eq":
		return equal[T]
	case "neu":
		return func(a, b *[32]T) uint32 { return ^equal(a, b) }
	case "ne":
		return func(a, b *[32]T) uint32 { return less(a, b) | less(b, a) }
	case "lt", "lo":
		return less[T]
	case "le", "ls":
		return lessOrEqual[T]
	case "gt", "hi":
		return func(a, b *[32]T) uint32 { return less(b, a) }
	case "ge", "hs":
		return func(a, b *[32]T) uint32 { return lessOrEqual(b, a) }
	case "equ":
		return func(a, b *[32]T) uint32 { return ^(less(a, b) | less(b, a)) }
	case "ltu":
		return func(a, b *[32]T) uint32 { return ^lessOrEqual(b, a) }
	case "leu":
		return func(a, b *[32]T) uint32 { return ^less(b, a) }
	case "gtu":
		return func(a, b *[32]T) uint32 { return ^lessOrEqual(a, b) }
	case "geu":
		return func(a, b *[32]T) uint32 { return ^less(a, b) }
	case "num":
		return func(a, b *[32]T) uint32 { return equal(a, a) & equal(b, b) }
	case "nan":
		return func(a, b *[32]T) uint32 { return ^(equal(a, a) & equal(b, b)) }
	}
	return nil
}

func equal[T lane](a, b *[32]T) (mask uint32) {
	for l := range a {
		mask |= bit(a[l] == b[l]) << l
	}
	return mask
}

func less[T cmp.Ordered](a, b *[32]T) (mask uint32) {
	for l := range a {
		mask |= bit(a[l] < b[l]) << l
	}
	return mask
}

func lessOrEqual[T cmp.Ordered](a, b *[32]T) (mask uint32) {
	for l := range a {
		mask |= bit(a[l] <= b[l]) << l
	}
	return mask
}

// set decodes comparisons whose result is a number: 1 or 0, or all ones or none.
func (d *decoder) set(s *statement) {
	typ, size := d.typed(s)
	result, bits := d.typed(s)
	if bits != 32 {
		d.fail(s.line, "results have 32 bits")
	}
	d.operands(s, 3)
	compare := d.comparison(s, typ, size, 1)
	to := d.dest(s, 0, 32)
	yes := uint32(1<<32 - 1)
	if result == "f32" {
		yes = 0x3f800000
	}
	s.run = func(w *warp) {
		mask, to := compare(w), as[uint32](w, to)
		for l := range to {
			to[l] = yes * (mask >> l & 1)
		}
	}
}

// selp chooses one of two by a predicate.
func (d *decoder) selp(s *statement) {
	_, size := d.typed(s)
	d.operands(s, 4)
	to, a, b, p := d.dest(s, 0, size), d.source(s, 1, size), d.source(s, 2, size), d.predicate(s, 3)
	if size == 64 {
		s.run = func(w *warp) { choose(p(w), as[uint64](w, to), as[uint64](w, a), as[uint64](w, b)) }
	} else {
		s.run = func(w *warp) { choose(p(w), as[uint32](w, to), as[uint32](w, a), as[uint32](w, b)) }
	}
}

func choose[T uint32 | uint64](mask uint32, to, a, b *[32]T) {
	for l := range to {
		v := b[l]
		if mask>>l&1 != 0 {
			v = a[l]
		}
		to[l] = v
	}
}

// slct chooses the first of two where the third operand is not negative.
func (d *decoder) slct(s *statement) {
	typ, _ := d.typed(s)
	_, size := d.typed(s)
	ftz := s.has("ftz")
	d.operands(s, 4)
	to, a, b, c := d.dest(s, 0, size), d.source(s, 1, size), d.source(s, 2, size), d.source(s, 3, 32)
	zero := d.constant(constant{bits: 32})
	mask := func(w *warp) uint32 { return lessOrEqual(as[int32](w, zero), as[int32](w, c)) }
	if typ == "f32" {
		mask = func(w *warp) uint32 { return lessOrEqual(as[float32](w, zero), as[float32](w, c)) }
	}
	if ftz && typ == "f32" {
		mask = func(w *warp) uint32 { return flushed("le", as[float32](w, zero), as[float32](w, c)) }
	}
	if size == 64 {
		s.run = func(w *warp) { choose(mask(w), as[uint64](w, to), as[uint64](w, a), as[uint64](w, b)) }
	} else {
		s.run = func(w *warp) { choose(mask(w), as[uint32](w, to), as[uint32](w, a), as[uint32](w, b)) }
	}
}
