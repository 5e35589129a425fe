package ptx

import "math/bits"

// logic decodes and, or, xor and not.
func (d *decoder) logic(s *statement) {
	_, size := d.typed(s)
	switch {
	case size == 1:
		d.predicateLogic(s)
	case s.op == "not" && size == 64:
		fromOne(d, s, size, each1(func(a uint64) uint64 { return ^a }))
	case s.op == "not":
		fromOne(d, s, size, each1(func(a uint32) uint32 { return ^a & (1<<size - 1) }))
	case size == 64:
		fromTwo(d, s, size, logicOf[uint64](s.op))
	default:
		fromTwo(d, s, size, logicOf[uint32](s.op))
	}
}

func logicOf[T uint32 | uint64](op string) func(to, a, b *[32]T) {
	switch op {
	case "and":
		return and[T]
	case "or":
		return or[T]
	}
	return xor[T]
}

func (d *decoder) predicateLogic(s *statement) {
	to := d.dest(s, 0, 1).index
	a := d.predicate(s, 1)
	if s.op == "not" {
		d.operands(s, 2)
		s.run = func(w *warp) { w.p[to] = ^a(w) }
		return
	}
	d.operands(s, 3)
	b := d.predicate(s, 2)
	combine := combiners[s.op]
	s.run = func(w *warp) { w.p[to] = combine(a(w), b(w)) }
}

var combiners = map[string]func(a, b uint32) uint32{
	"and": func(a, b uint32) uint32 { return a & b },
	"or":  func(a, b uint32) uint32 { return a | b },
	"xor": func(a, b uint32) uint32 { return a ^ b },
}

// predicate returns what reads operand i, which may have a ! before it.
func (d *decoder) predicate(s *statement, i int) func(w *warp) uint32 {
	r := d.source(s, i, 1).index
	if s.args[i].not {
		return func(w *warp) uint32 { return ^w.p[r] }
	}
	return func(w *warp) uint32 { return w.p[r] }
}

// shift decodes shl and shr. Amounts of the size and more shift everything out.
func (d *decoder) shift(s *statement) {
	typ, size := d.typed(s)
	d.operands(s, 3)
	to, a, by := d.dest(s, 0, size), d.source(s, 1, size), d.source(s, 2, 32)
	switch {
	case size == 64:
		s.run = func(w *warp) { shiftWide(s.op, typ, as[uint64](w, to), as[uint64](w, a), as[uint32](w, by)) }
	case s.op == "shl" && size == 32:
		s.run = func(w *warp) {
			to, a, by := as[uint32](w, to), as[uint32](w, a), as[uint32](w, by)
			for l := range to {
				to[l] = a[l] << by[l]
			}
		}
	case s.op == "shl":
		s.run = func(w *warp) {
			to, a, by := as[uint32](w, to), as[uint32](w, a), as[uint32](w, by)
			for l := range to {
				to[l] = uint32(uint16(a[l] << by[l]))
			}
		}
	case typ == "s32":
		s.run = func(w *warp) {
			to, a, by := as[int32](w, to), as[int32](w, a), as[uint32](w, by)
			for l := range to {
				to[l] = a[l] >> by[l]
			}
		}
	case typ == "s16":
		s.run = func(w *warp) {
			to, a, by := as[uint32](w, to), as[uint32](w, a), as[uint32](w, by)
			for l := range to {
				to[l] = uint32(uint16(int16(a[l]) >> by[l]))
			}
		}
	default:
		s.run = func(w *warp) {
			to, a, by := as[uint32](w, to), as[uint32](w, a), as[uint32](w, by)
			for l := range to {
				to[l] = a[l] >> by[l]
			}
		}
	}
}

func shiftWide(op, typ string, to, a *[32]uint64, by *[32]uint32) {
	switch {
	case op == "shl":
		for l := range to {
			to[l] = a[l] << by[l]
		}
	case typ == "s64":
		for l := range to {
			to[l] = uint64(int64(a[l]) >> by[l])
		}
	default:
		for l := range to {
			to[l] = a[l] >> by[l]
		}
	}
}

// funnel decodes shf, which shifts b:a and keeps one half.
func (d *decoder) funnel(s *statement) {
	d.typed(s)
	left := s.one("l", "r") == "l"
	wrap := s.one("wrap", "clamp") == "wrap"
	fromThree(d, s, 32, each3(func(a, b, by uint32) uint32 {
		if wrap {
			by &= 31
		} else {
			by = min(by, 32)
		}
		both := uint64(b)<<32 | uint64(a)
		if left {
			return uint32(both << by >> 32)
		}
		return uint32(both >> by)
	}))
}

// constantOperand returns operand i, which must be an immediate.
func (d *decoder) constantOperand(s *statement, i int) uint64 {
	if i >= len(s.args) || s.args[i].kind != immediate {
		d.fail(s.line, "operand %d is no number", i)
	}
	return s.args[i].value
}

// lop3 looks every bit up in a table of eight.
func (d *decoder) lop3(s *statement) {
	d.typed(s)
	d.operands(s, 5)
	table := d.constantOperand(s, 4)
	s.args = s.args[:4]
	fromThree(d, s, 32, each3(func(a, b, c uint32) (v uint32) {
		for i := range 8 {
			if table>>i&1 == 0 {
				continue
			}
			x, y, z := a, b, c
			if i&4 == 0 {
				x = ^x
			}
			if i&2 == 0 {
				y = ^y
			}
			if i&1 == 0 {
				z = ^z
			}
			v |= x & y & z
		}
		return v
	}))
}

// prmt picks bytes of b:a. The upper bit of a selector asks for eight copies of the byte's sign.
func (d *decoder) prmt(s *statement) {
	d.typed(s)
	fromThree(d, s, 32, each3(func(a, b, selectors uint32) (v uint32) {
		both := uint64(b)<<32 | uint64(a)
		for i := range 4 {
			selector := selectors >> (4 * i)
			x := uint32(both>>(8*(selector&7))) & 0xff
			if selector&8 != 0 {
				x = uint32(int32(x<<24)>>31) & 0xff
			}
			v |= x << (8 * i)
		}
		return v
	}))
}

// bfe extracts bits, and extends them with zeros or the sign.
func (d *decoder) bfe(s *statement) {
	typ, size := d.typed(s)
	d.operands(s, 4)
	to, a := d.dest(s, 0, size), d.source(s, 1, size)
	from, count := d.source(s, 2, 32), d.source(s, 3, 32)
	s.run = func(w *warp) {
		from, count := as[uint32](w, from), as[uint32](w, count)
		for l := range 32 {
			w.setValue(to, l, extract(w.value(a, l), from[l]&0xff, count[l]&0xff, uint32(size), typ[0] == 's'))
		}
	}
}

func extract(a uint64, from, count, size uint32, signed bool) uint64 {
	if count == 0 {
		return 0
	}
	sign := a >> min(from+count-1, size-1) & 1
	v := a >> from
	if from >= size {
		v = 0
	}
	if count < 64 {
		v &= 1<<count - 1
	}
	if signed && sign != 0 {
		// From the bit after the last that a has, copies of the sign.
		v |= ^uint64(0) << min(count, max(size, from)-from)
	}
	return v
}

// bfi replaces bits of b by the lowest of a.
func (d *decoder) bfi(s *statement) {
	_, size := d.typed(s)
	d.operands(s, 5)
	to, a, b := d.dest(s, 0, size), d.source(s, 1, size), d.source(s, 2, size)
	from, count := d.source(s, 3, 32), d.source(s, 4, 32)
	s.run = func(w *warp) {
		from, count := as[uint32](w, from), as[uint32](w, count)
		for l := range 32 {
			mask := (uint64(1)<<(count[l]&0xff) - 1) << (from[l] & 0xff)
			w.setValue(to, l, w.value(a, l)<<(from[l]&0xff)&mask|w.value(b, l)&^mask)
		}
	}
}

// bitCount decodes popc, clz, brev and bfind.
func (d *decoder) bitCount(s *statement) {
	typ, size := d.typed(s)
	amount := s.has("shiftamt")
	d.operands(s, 2)
	if s.op == "brev" {
		if size == 64 {
			fromOne(d, s, size, each1(bits.Reverse64))
		} else {
			fromOne(d, s, size, each1(bits.Reverse32))
		}
		return
	}
	to, a := d.dest(s, 0, 32).index, d.source(s, 1, size)
	signed := typ[0] == 's'
	s.run = func(w *warp) {
		for l := range 32 {
			w.r[to][l] = countBits(s.op, w.value(a, l), size, signed, amount)
		}
	}
}

func countBits(op string, v uint64, size int, signed, amount bool) uint32 {
	switch op {
	case "popc":
		return uint32(bits.OnesCount64(v))
	case "clz":
		return uint32(bits.LeadingZeros64(v) - 64 + size)
	}
	if signed && v>>(size-1)&1 != 0 {
		v = ^v << (64 - size) >> (64 - size)
	}
	if v == 0 {
		return 1<<32 - 1
	}
	if amount {
		return uint32(bits.LeadingZeros64(v) - 64 + size)
	}
	return uint32(63 - bits.LeadingZeros64(v))
}
