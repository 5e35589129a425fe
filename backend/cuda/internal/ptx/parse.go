package ptx

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Parse reads a module. It knows what NVRTC emits for compute_80 without calls; anything else is an error that names the line.
func Parse(text string) (*Module, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{
		tokens: tokens,
		lines:  strings.Split(text, "\n"),
		module: &Module{kernels: map[string]*Kernel{}},
		global: scope{},
		shared: map[string]variable{},
	}
	if err := p.run(p.parseModule); err != nil {
		return nil, err
	}
	return p.module, nil
}

// A parser goes through the tokens once. Its methods panic with a *syntaxError.
type parser struct {
	tokens []token
	next   int
	lines  []string
	module *Module
	global scope               // what the module declares outside of shared memory
	shared map[string]variable // what it declares there
}

// A variable is memory with a name.
type variable struct {
	align, size int // a size of 0: what the launch gives
	element     int // bytes of one of its numbers
}

type syntaxError struct{ err error }

func (p *parser) run(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *syntaxError:
			err = r.err
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

func (p *parser) fail(line int, format string, args ...any) {
	text := ""
	if 0 < line && line <= len(p.lines) {
		text = strings.TrimSpace(p.lines[line-1])
	}
	panic(&syntaxError{fmt.Errorf("ptx: line %d: %s: %s", line, fmt.Sprintf(format, args...), text)})
}

func (p *parser) line() int {
	if p.next < len(p.tokens) {
		return p.tokens[p.next].line
	}
	return len(p.lines)
}

func (p *parser) peek() string {
	if p.next < len(p.tokens) {
		return p.tokens[p.next].text
	}
	return ""
}

func (p *parser) take() string {
	t := p.peek()
	p.next++
	return t
}

// accept takes the next token if it is s.
func (p *parser) accept(s string) bool {
	if p.peek() != s {
		return false
	}
	p.next++
	return true
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.fail(p.line(), "%q where %q belongs", p.peek(), s)
	}
}

func (p *parser) number() int {
	n, err := strconv.ParseInt(p.take(), 0, 64)
	if err != nil {
		p.fail(p.line(), "no number")
	}
	return int(n)
}

func (p *parser) parseModule() {
	for p.peek() != "" {
		switch line := p.line(); p.take() {
		case ".version":
			p.take()
		case ".target", ".address_size":
			p.take()
			for p.accept(",") {
				p.take()
			}
		case ".visible", ".weak", ".extern":
		case ".entry":
			p.parseEntry()
		case ".shared":
			name, v := p.parseVariable()
			p.shared[name] = v
			p.expect(";")
		case ".global", ".const":
			p.parseData()
		default:
			p.fail(line, "not known")
		}
	}
}

// parseVariable reads what follows the space in a declaration: .align 4 .b8 name[16].
func (p *parser) parseVariable() (name string, v variable) {
	if p.accept(".align") {
		v.align = p.number()
	}
	bits, ok := typeBits[strings.TrimPrefix(p.take(), ".")]
	if !ok {
		p.fail(p.line(), "unknown type")
	}
	v.size = bits / 8
	v.element = v.size
	v.align = max(v.align, v.size)
	name = p.take()
	if p.accept("[") {
		if p.accept("]") {
			v.size = 0
			return name, v
		}
		v.size *= p.number()
		p.expect("]")
	}
	return name, v
}

// parseData reads a variable of the module: .align 4 .b8 name[16] = {1, 2}; numbers that are not given are zero.
func (p *parser) parseData() {
	line := p.line()
	name, v := p.parseVariable()
	m := p.module
	at := roundUp(len(m.data), v.align)
	m.data = append(m.data, make([]byte, at+v.size-len(m.data))...)
	p.global[name] = operand{kind: immediate, value: dataWindow + uint64(at)}
	if p.accept("=") {
		rest := m.data[at:]
		one := !p.accept("{")
		for !p.accept("}") {
			if len(rest) < v.element {
				p.fail(line, "more values than elements")
			}
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], uint64(p.number()))
			rest = rest[copy(rest, b[:v.element]):]
			if p.accept(","); one {
				break
			}
		}
	}
	p.expect(";")
}

func (p *parser) parseEntry() {
	line := p.line()
	d := &decoder{
		kernel: &Kernel{Name: p.take(), module: p.module},
		parser: p,
		scopes: []scope{p.global, {}},
		labels: map[string]int{},
		tables: map[string][]string{},
		consts: map[constant]register{},
	}
	k := d.kernel
	p.expect("(")
	for !p.accept(")") {
		p.expect(".param")
		name, v := p.parseVariable()
		at := roundUp(k.params, v.align)
		d.scopes[1][name] = operand{kind: immediate, value: uint64(at)}
		k.params = at + v.size
		p.accept(",")
	}
	for p.peek() != "{" {
		p.parseLimit(k)
	}
	d.parseBody()
	if _, twice := p.module.kernels[k.Name]; twice {
		p.fail(line, "%s for the second time", k.Name)
	}
	p.module.kernels[k.Name] = k
	d.finish()
}

// parseLimit reads a directive between the parameters and the body.
func (p *parser) parseLimit(k *Kernel) {
	line := p.line()
	switch p.take() {
	case ".maxntid", ".reqntid":
		k.maxThreads = p.number()
		for p.accept(",") {
			k.maxThreads *= p.number()
		}
	case ".minnctapersm", ".maxnreg":
		p.number()
	default:
		p.fail(line, "not known")
	}
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

var typeBits = map[string]int{
	"pred": 1, "b8": 8, "u8": 8, "s8": 8, "b16": 16, "u16": 16, "s16": 16, "f16": 16, "bf16": 16,
	"b32": 32, "u32": 32, "s32": 32, "f32": 32, "f16x2": 32, "bf16x2": 32, "b64": 64, "u64": 64, "s64": 64, "f64": 64,
}
