package ptx

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

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

func (d *decoder) parseBody() {
	d.expect("{")
	for depth := 1; depth > 0; {
		line := d.line()
		switch t := d.take(); {
		case t == "{":
			depth++
			d.scopes = append(d.scopes, scope{})
		case t == "}":
			depth--
			d.scopes = d.scopes[:len(d.scopes)-1]
		case t == ".reg":
			d.parseRegisters()
		case t == ".shared":
			name, v := d.parseVariable()
			d.declareShared(name, v)
			d.expect(";")
		case t == ".local":
			name, v := d.parseVariable()
			at := roundUp(d.stack, v.align)
			d.stack = at + v.size
			d.declare(name, operand{kind: immediate, value: localWindow + uint64(at)})
			d.expect(";")
		case t == ".pragma":
			d.take()
			d.expect(";")
		case t == ";":
		case d.peek() == ":":
			d.next++
			d.parseLabel(t)
		case t == "" || t[0] == '.':
			d.fail(line, "not known")
		default:
			d.next--
			d.parseInstruction()
		}
	}
}

func (d *decoder) declare(name string, o operand) { d.scopes[len(d.scopes)-1][name] = o }

// declareShared places v. Dynamic memory comes last, and finish moves it there.
func (d *decoder) declareShared(name string, v variable) operand {
	at := roundUp(d.kernel.shared, v.align)
	d.kernel.shared = at + v.size
	o := operand{kind: immediate, value: uint64(at)}
	d.declare(name, o)
	return o
}

// parseRegisters reads .reg .b32 %r<8>, a, b;
func (d *decoder) parseRegisters() {
	line := d.line()
	bits, ok := typeBits[strings.TrimPrefix(d.take(), ".")]
	if !ok {
		d.fail(line, "unknown type")
	}
	for {
		name := d.take()
		if d.accept("<") {
			for i := range d.number() {
				n := name + strconv.Itoa(i)
				d.declare(n, operand{reg: d.newRegister(bits, n)})
			}
			d.expect(">")
		} else {
			d.declare(name, operand{reg: d.newRegister(bits, name)})
		}
		if d.accept(";") {
			return
		}
		d.expect(",")
	}
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

func (d *decoder) parseLabel(name string) {
	if d.accept(".branchtargets") {
		for !d.accept(";") {
			d.tables[name] = append(d.tables[name], d.take())
			d.accept(",")
		}
		return
	}
	d.labels[name] = len(d.written)
}

func (d *decoder) parseInstruction() {
	line := d.line()
	s := statement{instruction: instruction{line: line, guard: -1, text: d.textFrom()}}
	if d.accept("@") {
		s.not = d.accept("!")
		o := d.parseOperand()
		if o.kind != isRegister || o.reg.bank != predicate {
			d.fail(line, "guard is no predicate")
		}
		s.on = &o.reg
	}
	parts := strings.Split(d.take(), ".")
	s.op, s.mods = parts[0], parts[1:]
	for !d.accept(";") {
		if d.peek() == "" {
			d.fail(line, "no end")
		}
		s.args = append(s.args, d.parseOperand())
		d.accept(",")
	}
	d.written = append(d.written, s)
	d.code = append(d.code, d.decode(s))
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

// textFrom returns the statement that begins here, for messages.
func (d *decoder) textFrom() string {
	var b strings.Builder
	for i := d.next; i < len(d.tokens) && d.tokens[i].text != ";"; i++ {
		t := d.tokens[i].text
		if i > d.next && !strings.Contains(",]})|>+", t) && !strings.Contains("@[{(!|-+", d.tokens[i-1].text) {
			b.WriteByte(' ')
		}
		b.WriteString(t)
	}
	return b.String()
}

func (d *decoder) parseOperand() operand {
	o := d.parseSingle()
	if d.accept("|") {
		also := d.parseSingle()
		o.also = &also
	}
	return o
}

func (d *decoder) parseSingle() operand {
	line := d.line()
	switch t := d.take(); {
	case t == "!":
		o := d.parseSingle()
		o.not = !o.not
		return o
	case t == "-":
		return operand{kind: immediate, value: -d.parseNumber(d.take(), line)}
	case t == "{":
		o := operand{kind: vector}
		for !d.accept("}") {
			o.list = append(o.list, d.parseSingle())
			d.accept(",")
		}
		return o
	case t == "[":
		o := operand{kind: address, list: []operand{d.parseSingle()}}
		for !d.accept("]") {
			if d.accept("-") {
				o.value -= d.parseNumber(d.take(), line)
				continue
			}
			d.expect("+")
			if !d.accept("-") {
				o.value += d.parseNumber(d.take(), line)
			} else {
				o.value -= d.parseNumber(d.take(), line)
			}
		}
		return o
	case t != "" && '0' <= t[0] && t[0] <= '9':
		return operand{kind: immediate, value: d.parseNumber(t, line)}
	default:
		return d.lookUp(t, line)
	}
}

func (d *decoder) parseNumber(t string, line int) uint64 {
	digits, base, bits := t, 0, 64
	switch {
	case strings.HasPrefix(t, "0f"), strings.HasPrefix(t, "0F"):
		digits, base, bits = t[2:], 16, 32
	case strings.HasPrefix(t, "0d"), strings.HasPrefix(t, "0D"):
		digits, base = t[2:], 16
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(digits, "U"), base, bits)
	if err != nil {
		d.fail(line, "%s is no number", t)
	}
	return n
}

// lookUp returns what a name means in the innermost scope that knows it.
func (d *decoder) lookUp(name string, line int) operand {
	for i := len(d.scopes) - 1; i >= 0; i-- {
		if o, ok := d.scopes[i][name]; ok {
			return o
		}
	}
	if v, ok := d.parser.shared[name]; ok {
		return d.sharedOfModule(name, v)
	}
	if strings.HasPrefix(name, "%") {
		return operand{reg: d.specialRegister(name, line)}
	}
	return operand{kind: word, name: name}
}

// sharedOfModule places a variable of the module in this kernel's shared memory when it is first used.
func (d *decoder) sharedOfModule(name string, v variable) operand {
	if v.size == 0 {
		d.align = max(d.align, v.align)
		return operand{kind: immediate, begin: true}
	}
	o := d.declareShared(name, v)
	d.scopes[1][name] = o
	return o
}

func (d *decoder) specialRegister(name string, line int) register {
	for _, s := range d.kernel.specials {
		if s.name == name {
			return s.register
		}
	}
	if !knownSpecial(name) {
		d.fail(line, "unknown register %s", name)
	}
	r := d.newRegister(32, name)
	d.kernel.specials = append(d.kernel.specials, special{name, r})
	return r
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

func lowest(mask uint32) int { return bits.TrailingZeros32(mask) }
