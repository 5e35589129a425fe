package ptx

import (
	"math/bits"
	"slices"
)

// A decoder makes a kernel of its statements.
type decoder struct {
	*parser
	kernel *Kernel
	scopes []scope
	labels map[string]int      // instructions that they stand before
	tables map[string][]string // labels of .branchtargets
	consts map[constant]register
	stack  int // bytes of local memory
	align  int // of dynamic shared memory

	registers []register // as they are declared
	names     []string   // theirs
	fixed     set        // constants and special registers
	sinks     [3]register
	written   []statement // as they are written
	code      []statement // and decoded, with registers as they are declared
	places    *plan       // of registers, when all are known
}

func bankOf(bits int) int {
	switch bits {
	case 64:
		return wide
	case 1:
		return predicate
	}
	return narrow
}

func (d *decoder) newRegister(bits int, name string) register {
	r := register{bank: bankOf(bits), bits: bits, id: len(d.registers)}
	r.index = r.id
	d.registers = append(d.registers, r)
	d.names = append(d.names, name)
	return r
}

// sink returns a register that nobody reads.
func (d *decoder) sink(bits int) register {
	r := &d.sinks[bankOf(bits)]
	if r.bits == 0 {
		*r = d.newRegister(bits, "_")
	}
	return d.place(register{r.bank, bits, r.index, r.id})
}

// place returns r where the plan puts it.
func (d *decoder) place(r register) register {
	if d.places != nil {
		r.index = d.places.places[r.id]
	}
	return r
}

// decode finds out what a statement does.
func (d *decoder) decode(s statement) statement {
	decode, ok := decoders[s.op]
	if !ok {
		d.fail(s.line, "unknown instruction")
	}
	s.mods = slices.Clone(s.mods)
	if s.on != nil {
		s.guard = d.read(&s, *s.on).index
	}
	decode(d, &s)
	if len(s.mods) > 0 {
		d.fail(s.line, ".%s is not known here", s.mods[0])
	}
	return s
}

// read and write note what a statement reads and writes, and return where it is.
func (d *decoder) read(s *statement, r register) register {
	s.src = append(s.src, r)
	return d.place(r)
}

func (d *decoder) write(s *statement, r register) register {
	s.dst = append(s.dst, r)
	return d.place(r)
}

// constant returns a register that holds c.
func (d *decoder) constant(c constant) register {
	if c.bits < 64 {
		c.value &= 1<<c.bits - 1
	}
	r, ok := d.consts[c]
	if !ok {
		r = d.newRegister(c.bits, "")
		d.consts[c] = r
	}
	return d.place(r)
}

// finish resolves labels, finds places for registers and decodes all statements anew, with these.
func (d *decoder) finish() {
	k := d.kernel
	k.local = d.stack
	k.shared = roundUp(k.shared, max(d.align, 1))
	for i := range d.code {
		if s := &d.code[i]; s.label != "" {
			s.targets = d.targets(s)
		}
	}
	d.fix()
	d.places = d.plan()
	k.registers, k.watched = d.places.counts, d.places.names
	for i := range d.code {
		s := d.decode(d.written[i])
		s.targets = d.code[i].targets
		k.code = append(k.code, d.placed(s))
	}
	k.code = append(k.code, instruction{kind: ends, guard: -1, line: d.line(), text: "}"})
	for c, r := range d.consts {
		if c.dynamic {
			c.value += uint64(k.shared)
		}
		k.constants = append(k.constants, filled{d.place(r), c.value})
	}
	for i := range k.specials {
		k.specials[i].register = d.place(k.specials[i].register)
	}
}

// fix notes which registers are constant in a block.
func (d *decoder) fix() {
	d.fixed = newSet(len(d.registers))
	for _, r := range d.consts {
		d.fixed.add(r.id)
	}
	for _, s := range d.kernel.specials {
		d.fixed.add(s.id)
	}
	for _, r := range d.sinks {
		if r.bits != 0 {
			d.fixed.add(r.id)
		}
	}
}

// placed returns the instruction of a statement that has been decoded with the plan.
func (d *decoder) placed(s statement) instruction {
	in := s.instruction
	in.dst, in.guardWatch = nil, -1
	if s.on != nil {
		in.guardWatch = d.places.watched[s.on.id]
		s.src = s.src[1:]
	}
	for _, r := range s.src {
		if n := d.places.watched[r.id]; n >= 0 {
			in.reads = append(in.reads, n)
		}
	}
	for _, r := range s.dst {
		if n := d.places.watched[r.id]; n >= 0 {
			in.writes = append(in.writes, n)
		}
		in.dst = append(in.dst, d.place(r))
	}
	return in
}

func (d *decoder) targets(s *statement) []int {
	labels, ok := d.tables[s.label]
	if !ok {
		labels = []string{s.label}
	}
	var targets []int
	for _, l := range labels {
		at, ok := d.labels[l]
		if !ok {
			d.fail(s.line, "no label %s", l)
		}
		targets = append(targets, at)
	}
	return targets
}

// source returns the register that operand i is read from, which must have so many bits.
func (d *decoder) source(s *statement, i, bits int) register {
	if i >= len(s.args) {
		d.fail(s.line, "too few operands")
	}
	return d.sourceOf(s, s.args[i], bits, false)
}

// sourceOf returns the register that o is read from. It may have more bits than that, if wider is true.
func (d *decoder) sourceOf(s *statement, o operand, bits int, wider bool) register {
	switch o.kind {
	case immediate:
		return d.constant(constant{bits, o.value, o.begin})
	case isRegister:
		if o.reg.bits != bits && !(wider && o.reg.bits > bits) {
			d.fail(s.line, "operand of %d bits where %d belong", o.reg.bits, bits)
		}
		return d.read(s, o.reg)
	}
	d.fail(s.line, "operand cannot be read")
	panic("unreachable")
}

// dest returns the register that operand i is, which must have so many bits.
func (d *decoder) dest(s *statement, i, bits int) register {
	if i >= len(s.args) {
		d.fail(s.line, "too few operands")
	}
	return d.destOf(s, s.args[i], bits, false)
}

func (d *decoder) destOf(s *statement, o operand, bits int, wider bool) register {
	if o.kind == word && o.name == "_" {
		return d.sink(bits)
	}
	if o.kind != isRegister || o.reg.bits != bits && !(wider && o.reg.bits > bits) {
		d.fail(s.line, "destination is no register of %d bits", bits)
	}
	return d.write(s, o.reg)
}

// operands fails unless s has n of them.
func (d *decoder) operands(s *statement, n int) {
	if len(s.args) != n {
		d.fail(s.line, "%d operands instead of %d", len(s.args), n)
	}
}

// typed takes the last modifier, which is the type.
func (d *decoder) typed(s *statement) (name string, size int) {
	if len(s.mods) == 0 {
		d.fail(s.line, "no type")
	}
	name = s.mods[len(s.mods)-1]
	s.mods = s.mods[:len(s.mods)-1]
	size, ok := typeBits[name]
	if !ok {
		d.fail(s.line, "unknown type %s", name)
	}
	return name, size
}

// lowest returns the first lane of a mask that is not empty.
func lowest(mask uint32) int { return bits.TrailingZeros32(mask) }
