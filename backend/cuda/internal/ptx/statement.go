package ptx

// The banks of registers. A register of 16 bits lies in one of 32, whose upper half is then zero.
const (
	narrow = iota
	wide
	predicate
)

// A register is virtual: NVRTC gives every value one of its own.
type register struct {
	bank, bits int
	index      int // in its bank
	id         int // among all of the kernel
}

// A constant is a number in a register of its own.
type constant struct {
	bits    int
	value   uint64
	dynamic bool // plus where dynamic shared memory begins
}

// A filled register holds a number in all lanes.
type filled struct {
	register
	value uint64
}

// A special is a register that holds what a thread is told of itself, such as %tid.x.
type special struct {
	name string
	register
}

type operandKind int

const (
	isRegister operandKind = iota
	immediate
	vector
	address // base + value
	word    // a label, or _
)

type operand struct {
	kind  operandKind
	reg   register
	value uint64
	not   bool
	begin bool      // value counts from the beginning of dynamic shared memory
	list  []operand // elements of a vector; the base of an address
	also  *operand  // the second of p|q
	name  string
}

// A scope holds what names mean between braces.
type scope map[string]operand

// A statement is an instruction as it is written.
type statement struct {
	instruction
	src   []register
	op    string
	mods  []string
	args  []operand
	on    *register // the guard
	label string    // where a branch goes
}

// has takes the modifier m off the statement, and says whether it was there.
func (s *statement) has(m string) bool {
	for i := range s.mods {
		if s.mods[i] == m {
			s.mods = append(s.mods[:i:i], s.mods[i+1:]...)
			return true
		}
	}
	return false
}

// one takes that of the modifiers that is there, or returns "".
func (s *statement) one(mods ...string) string {
	for _, m := range mods {
		if s.has(m) {
			return m
		}
	}
	return ""
}
