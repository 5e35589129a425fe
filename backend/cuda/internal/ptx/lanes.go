package ptx

import "unsafe"

// A lane is what one lane of a register is taken for.
type lane interface {
	uint32 | int32 | float32 | uint64 | int64 | float64
}

// as returns the lanes of r as numbers of type T, which has the size of r's bank.
func as[T lane](w *warp, r register) *[32]T {
	if unsafe.Sizeof(*new(T)) == 8 {
		return (*[32]T)(unsafe.Pointer(&w.q[r.index]))
	}
	return (*[32]T)(unsafe.Pointer(&w.r[r.index]))
}

// fromOne, fromTwo and fromThree let a statement compute its first operand of the others. All have so many bits.

func fromOne[T lane](d *decoder, s *statement, bits int, f func(to, a *[32]T)) {
	d.operands(s, 2)
	to, a := d.dest(s, 0, bits), d.source(s, 1, bits)
	s.run = func(w *warp) { f(as[T](w, to), as[T](w, a)) }
}

func fromTwo[T lane](d *decoder, s *statement, bits int, f func(to, a, b *[32]T)) {
	d.operands(s, 3)
	to, a, b := d.dest(s, 0, bits), d.source(s, 1, bits), d.source(s, 2, bits)
	s.run = func(w *warp) { f(as[T](w, to), as[T](w, a), as[T](w, b)) }
}

func fromThree[T lane](d *decoder, s *statement, bits int, f func(to, a, b, c *[32]T)) {
	d.operands(s, 4)
	to, a, b, c := d.dest(s, 0, bits), d.source(s, 1, bits), d.source(s, 2, bits), d.source(s, 3, bits)
	s.run = func(w *warp) { f(as[T](w, to), as[T](w, a), as[T](w, b), as[T](w, c)) }
}

// each1, each2 and each3 apply a function lane by lane.

func each1[T, U lane](f func(T) U) func(to *[32]U, a *[32]T) {
	return func(to *[32]U, a *[32]T) {
		for l := range to {
			to[l] = f(a[l])
		}
	}
}

func each2[T lane](f func(a, b T) T) func(to, a, b *[32]T) {
	return func(to, a, b *[32]T) {
		for l := range to {
			to[l] = f(a[l], b[l])
		}
	}
}

func each3[T lane](f func(a, b, c T) T) func(to, a, b, c *[32]T) {
	return func(to, a, b, c *[32]T) {
		for l := range to {
			to[l] = f(a[l], b[l], c[l])
		}
	}
}

// halves16 makes of a function of 16-bit numbers one of the registers that hold them.
func halves16[T int16 | uint16](f func(a, b T) T) func(a, b uint32) uint32 {
	return func(a, b uint32) uint32 { return uint32(uint16(f(T(a), T(b)))) }
}

func add[T lane](to, a, b *[32]T) {
	for l := range to {
		to[l] = a[l] + b[l]
	}
}

func sub[T lane](to, a, b *[32]T) {
	for l := range to {
		to[l] = a[l] - b[l]
	}
}

func mul[T lane](to, a, b *[32]T) {
	for l := range to {
		to[l] = a[l] * b[l]
	}
}

func mulAdd[T uint32 | uint64](to, a, b, c *[32]T) {
	for l := range to {
		to[l] = a[l]*b[l] + c[l]
	}
}

func smaller[T uint32 | int32 | uint64 | int64](to, a, b *[32]T) {
	for l := range to {
		to[l] = min(a[l], b[l])
	}
}

func larger[T uint32 | int32 | uint64 | int64](to, a, b *[32]T) {
	for l := range to {
		to[l] = max(a[l], b[l])
	}
}

func and[T uint32 | uint64](to, a, b *[32]T) {
	for l := range to {
		to[l] = a[l] & b[l]
	}
}

func or[T uint32 | uint64](to, a, b *[32]T) {
	for l := range to {
		to[l] = a[l] | b[l]
	}
}

func xor[T uint32 | uint64](to, a, b *[32]T) {
	for l := range to {
		to[l] = a[l] ^ b[l]
	}
}
