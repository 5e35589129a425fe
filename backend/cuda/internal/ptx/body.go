package ptx

import (
	"strconv"
	"strings"
)

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
