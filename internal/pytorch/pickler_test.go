package pytorch

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A pickler writes the instructions of a pickle, each time in one of the ways that there are.
type pickler struct {
	*layout
	ops  [][]byte
	memo map[string]int // where values are that are used again
	puts int
}

// pickle returns the state dict as a pickle.
func (l *layout) pickle() []byte {
	p := &pickler{layout: l, memo: map[string]int{}}
	ordered := l.IntN(2) > 0
	p.dict(ordered)
	p.maybePut("")
	p.items(len(l.tensors), func(i int) { p.text(l.tensors[i].name); p.tensor(l.tensors[i]) })
	if ordered && l.IntN(2) > 0 {
		p.attributes(3)
		p.op("b")
	}
	p.op(".")
	if l.spoil != nil {
		l.spoil(p)
	}
	return append([]byte{0x80, l.protocol}, p.framed()...)
}

// framed puts the instructions together, perhaps in frames.
func (p *pickler) framed() []byte {
	var b []byte
	for rest := p.ops; len(rest) > 0; {
		n := 1 + p.IntN(len(rest))
		part := bytes.Join(rest[:n], nil)
		if p.protocol >= 4 && p.IntN(3) > 0 {
			b = binary.LittleEndian.AppendUint64(append(b, 0x95), uint64(len(part)))
		}
		b, rest = append(b, part...), rest[n:]
	}
	return b
}

func (p *pickler) op(parts ...string) {
	var b []byte
	for _, part := range parts {
		b = append(b, part...)
	}
	p.ops = append(p.ops, b)
}

// maybePut keeps the top of the stack in the memo, or does not.
func (p *pickler) maybePut(value string) {
	how := p.IntN(4)
	switch n := uint32(p.puts); {
	case how == 0:
		return
	case how == 1 && p.protocol >= 4:
		p.op("\x94")
	case how == 2 || n > 255:
		p.op("r", string(binary.LittleEndian.AppendUint32(nil, n)))
	default:
		p.op("q", string([]byte{byte(n)}))
	}
	if value != "" {
		p.memo[value] = p.puts
	}
	p.puts++
}

// maybeGet takes a value from the memo, if it is there.
func (p *pickler) maybeGet(value string) bool {
	n, ok := p.memo[value]
	switch {
	case !ok || p.IntN(4) == 0:
		return false
	case n > 255 || p.IntN(4) == 0:
		p.op("j", string(binary.LittleEndian.AppendUint32(nil, uint32(n))))
	default:
		p.op("h", string([]byte{byte(n)}))
	}
	return true
}

func (p *pickler) text(s string) {
	switch {
	case p.maybeGet("text " + s):
		return
	case p.protocol >= 4 && len(s) < 256 && p.IntN(4) > 0:
		p.op("\x8c", string([]byte{byte(len(s))}), s)
	default:
		p.op(text(s))
	}
	p.maybePut("text " + s)
}

func (p *pickler) global(module, name string) {
	switch value := "global " + module + name; {
	case p.maybeGet(value):
	case p.protocol >= 4 && p.IntN(4) > 0:
		p.text(module)
		p.text(name)
		p.op("\x93")
		p.maybePut(value)
	default:
		p.op("c", module, "\n", name, "\n")
		p.maybePut(value)
	}
}

func (p *pickler) number(n int64) {
	b := binary.LittleEndian.AppendUint64(nil, uint64(n))
	size := 8
	for size > 0 && int64(binary.LittleEndian.Uint64(b)<<(64-8*(size-1)))>>(64-8*(size-1)) == n && p.IntN(4) > 0 {
		size--
	}
	switch how := p.IntN(8); {
	case n == int64(uint8(n)) && how < 4:
		p.op("K", string(b[:1]))
	case n == int64(uint16(n)) && how < 5:
		p.op("M", string(b[:2]))
	case n == int64(int32(n)) && how < 6:
		p.op("J", string(b[:4]))
	default:
		p.op("\x8a", string([]byte{byte(size)}), string(b[:size]))
	}
}

// tuple writes a tuple of n values, which write writes.
func (p *pickler) tuple(n int, write func(i int)) {
	marked := n > 3 || p.IntN(4) == 0
	if marked {
		p.op("(")
	}
	for i := range n {
		write(i)
	}
	if marked {
		p.op("t")
	} else {
		p.op(string([]byte{[]byte{')', 0x85, 0x86, 0x87}[n]}))
	}
	p.maybePut("")
}

// items puts n keys with their values, which write writes, into a dict.
func (p *pickler) items(n int, write func(i int)) {
	for i := 0; i < n; {
		if p.IntN(3) == 0 {
			write(i)
			p.op("s")
			i++
			continue
		}
		p.op("(")
		for end := i + p.IntN(n-i+1); i < end; i++ {
			write(i)
		}
		p.op("u")
	}
}

func (p *pickler) dict(ordered bool) {
	if !ordered {
		p.op("}")
		return
	}
	p.global("collections", "OrderedDict")
	p.tuple(0, nil)
	p.op("R")
}

// attributes writes what modules say of themselves: dicts, lists and plain values in each other.
func (p *pickler) attributes(depth int) {
	kind := p.IntN(7)
	if depth == 3 {
		kind = 0
	}
	switch inner := func(int) { p.attributes(depth - 1) }; {
	case kind < 2 && depth > 0:
		p.dict(kind == 1)
		p.maybePut("")
		p.items(p.IntN(3), func(int) { p.text(p.word()); inner(0) })
	case kind == 2 && depth > 0:
		p.op("]")
		p.maybePut("")
		p.elements(inner)
	case kind == 3 && depth > 0:
		p.tuple(p.IntN(5), inner)
	case kind < 5:
		p.number(int64(p.Uint64()) >> p.IntN(64))
	default:
		p.op([]string{"N", "\x88", "\x89", "G12345678"}[p.IntN(4)])
	}
}

// elements appends values to a list.
func (p *pickler) elements(write func(int)) {
	if p.IntN(2) > 0 {
		write(0)
		p.op("a")
	}
	p.op("(")
	for i := range p.IntN(4) {
		write(i)
	}
	p.op("e")
}

// tensor writes the call that makes a tensor, perhaps within the one that makes a parameter of it.
func (p *pickler) tensor(t *laid) {
	if t.parameter {
		p.global("torch._utils", "_rebuild_parameter")
		p.op("(")
	}
	p.global("torch._utils", "_rebuild_tensor_v2")
	more := p.IntN(3)
	p.tuple(6+min(more, 1), func(i int) {
		switch i {
		case 0:
			p.storage(t)
		case 1:
			p.number(t.offset)
		case 2:
			p.tuple(len(t.size), func(i int) { p.number(t.size[i]) })
		case 3:
			p.tuple(len(t.stride), func(i int) { p.number(t.stride[i]) })
		case 4:
			p.op([]string{"\x88", "\x89"}[p.IntN(2)])
		case 5:
			p.dict(true)
		case 6:
			p.op([]string{"N", "}"}[more-1])
		}
	})
	p.op("R")
	p.maybePut("")
	if t.parameter {
		p.op("\x88")
		p.dict(true)
		p.op("t")
		p.op("R")
		p.maybePut("")
	}
}

func (p *pickler) storage(t *laid) {
	s := t.storage
	known := slices.Index(p.storages, s) >= 0 && t.kind == s.kind
	if known && p.maybeGet("storage "+s.key) {
		return
	}
	p.tuple(5, func(i int) {
		switch i {
		case 0:
			p.text("storage")
		case 1:
			p.global("torch", t.kind+"Storage")
		case 2:
			p.text(s.key)
		case 3:
			p.text([]string{"cpu", "cuda:0"}[p.IntN(2)])
		case 4:
			p.number(s.count)
		}
	})
	p.op("Q")
	if known {
		p.maybePut("storage " + s.key)
	}
}
