package pytorch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"
)

// What is taken of a pickle. Every instruction makes at most one value of some dozen bytes, so that these bound the
// memory. A tensor takes about 27 instructions, and Python writes 1000 keys of a dict at once.
const (
	maxOps   = 1 << 22
	maxItems = 100_000 // of one dict: as many tensors as safetensors may have
	maxStack = 1 << 16
	maxText  = 1 << 16 // bytes of one string
	maxLine  = 256     // bytes of the name of a module or of something in it
	breath   = 1 << 14 // instructions between two looks at whether reading shall end
)

// A machine runs a pickle: a program for a stack of values and a memo, which keeps values for later use. The first error
// stays in err; what runs after it has no effect that counts.
type machine struct {
	in    []byte
	pos   int
	stack []any
	marks []int // how many values were below each mark
	memo  []any
	done  bool
	err   error
}

// unpickle returns the value of a pickle. It ends early when ended returns an error.
func unpickle(in []byte, ended func() error) (any, error) {
	m := machine{in: in}
	for ops := 0; !m.done; ops++ {
		if ops%breath == 0 {
			if err := ended(); err != nil {
				return nil, err
			}
		}
		at := m.pos
		if m.step(); ops == maxOps {
			m.fail("more than %d instructions", maxOps)
		}
		if m.err != nil {
			return nil, fmt.Errorf("byte %d: %w", at, m.err)
		}
	}
	if len(m.stack) != 1 || len(m.marks) != 0 || m.pos != len(in) {
		return nil, fmt.Errorf("byte %d: ends with %d values and %d bytes left, expected one value", m.pos, len(m.stack), len(in)-m.pos)
	}
	return m.stack[0], nil
}

func (m *machine) step() {
	start := m.pos == 0
	code := m.uint(1)
	op := opcodes[code]
	switch {
	case m.err != nil:
	case op.name == "":
		m.fail("instruction 0x%02x is unknown", code)
	case op.run == nil:
		m.fail("instruction %s (0x%02x) is not allowed: state dicts do not need it", op.name, code)
	case start && code != opProto:
		m.fail("instruction %s (0x%02x) at the beginning, expected PROTO: pickle protocol 2 or later", op.name, code)
	default:
		op.run(m)
	}
}

func (m *machine) fail(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

// take returns the next n bytes, or nil if there are fewer.
func (m *machine) take(n uint64) []byte {
	if left := len(m.in) - m.pos; n > uint64(left) {
		m.fail("cut off: %d bytes expected, %d found", n, left)
		return nil
	}
	b := m.in[m.pos : m.pos+int(n)]
	m.pos += int(n)
	return b
}

// uint returns the next n bytes as a number.
func (m *machine) uint(n uint64) uint64 {
	var b [8]byte
	copy(b[:], m.take(n))
	return binary.LittleEndian.Uint64(b[:])
}

func (m *machine) text(n uint64) string {
	if n > maxText {
		m.fail("string of %d bytes, expected at most %d", n, maxText)
		return ""
	}
	b := m.take(n)
	if !utf8.Valid(b) {
		m.fail("string %.40q is not UTF-8", b)
	}
	return string(b)
}

// line returns the text up to the next line feed.
func (m *machine) line() string {
	rest := m.in[m.pos:]
	n := bytes.IndexByte(rest[:min(len(rest), maxLine+1)], '\n')
	if n < 0 {
		m.fail("no end of a name within %d bytes", maxLine)
		return ""
	}
	defer m.take(1)
	return m.text(uint64(n))
}

func (m *machine) proto() {
	if v := m.uint(1); v < 2 || v > 5 {
		m.fail("pickle protocol %d, expected 2 to 5", v)
	}
}

// frame is a hint for reading from a stream.
func (m *machine) frame() {
	if n, left := m.uint(8), len(m.in)-m.pos; n > uint64(left) {
		m.fail("cut off: frame of %d bytes expected, %d found", n, left)
	}
}

func (m *machine) stop() { m.done = true }

func (m *machine) long() {
	n := m.uint(1)
	if n > 8 {
		m.fail("integer of %d bytes, expected at most 8", n)
		return
	}
	shift := 64 - 8*n // of no bytes, 64, which makes 0
	m.push(int64(m.uint(n)<<shift) >> shift)
}

func (m *machine) push(v any) {
	if len(m.stack) == maxStack {
		m.fail("stack of more than %d values", maxStack)
		return
	}
	m.stack = append(m.stack, v)
}

// pushTuple pushes a tuple of values that have been taken off the stack.
func (m *machine) pushTuple(values tuple) { m.push(slices.Clone(values)) }

func (m *machine) mark() {
	if len(m.marks) == maxStack {
		m.fail("more than %d marks", maxStack)
		return
	}
	m.marks = append(m.marks, len(m.stack))
}

// floor returns how many values are out of reach, below the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

// top returns the value at the top of the stack.
func (m *machine) top() any {
	if len(m.stack) <= m.floor() {
		m.fail("too few values on the stack")
		return nil
	}
	return m.stack[len(m.stack)-1]
}

func (m *machine) pop() any { return m.popN(1).at(0) }

// popN takes n values off the stack. They are valid until the next push.
func (m *machine) popN(n int) tuple {
	if len(m.stack)-m.floor() < n {
		m.fail("too few values on the stack")
		return nil
	}
	return m.cut(len(m.stack) - n)
}

// popMark takes the values above the last mark off the stack. They are valid until the next push.
func (m *machine) popMark() tuple {
	if len(m.marks) == 0 {
		m.fail("no mark on the stack")
		return nil
	}
	from := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	return m.cut(from)
}

func (m *machine) cut(from int) tuple {
	values := m.stack[from:]
	m.stack = m.stack[:from]
	return values
}

// put stores the top of the stack in the memo. Python numbers what it stores.
func (m *machine) put(i uint64) {
	v := m.top()
	switch n := uint64(len(m.memo)); {
	case i > n:
		m.fail("memo %d after %d", i, n)
	case i == n:
		m.memo = append(m.memo, v)
	default:
		m.memo[i] = v
	}
}

func (m *machine) get(i uint64) {
	if i >= uint64(len(m.memo)) {
		m.fail("memo %d of %d", i, len(m.memo))
		return
	}
	m.push(m.memo[i])
}
