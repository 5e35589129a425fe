package safetensors

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// kinds are the element types by their names in a header.
var kinds = map[string]tensor.DType{
	"F32": tensor.F32, "F16": tensor.F16, "BF16": tensor.BF16, "I8": tensor.I8, "U8": tensor.U8, "I32": tensor.I32, "I64": tensor.I64,
}

// A laid is one tensor of a layout: what is expected of it, and what the header says of it, as JSON.
type laid struct {
	name, kind            string
	shape                 []int
	data                  []byte
	key                   string
	dtype, sizes, offsets string
	more                  string // members after these
}

// A layout is a random file, whose header can be spoilt before it is put together.
type layout struct {
	*rand.Rand
	tensors  []*laid
	metadata map[string]string
	extra    []string // members of the header, as JSON
	data     []byte
}

func newLayout(r *rand.Rand) *layout {
	l := &layout{Rand: r, metadata: map[string]string{}}
	seen := map[string]bool{metadataName: true}
	for range r.IntN(8) {
		name := l.word()
		if seen[name] {
			continue
		}
		seen[name] = true
		l.add(name)
	}
	l.Shuffle(len(l.tensors), func(i, j int) { l.tensors[i], l.tensors[j] = l.tensors[j], l.tensors[i] })
	if r.IntN(2) > 0 {
		for range r.IntN(4) {
			l.metadata[l.word()] = l.word()
		}
		l.extra = append(l.extra, l.quote(metadataName)+l.space()+":"+l.texts(l.metadata))
	} else if r.IntN(4) == 0 {
		l.extra = append(l.extra, l.quote(metadataName)+":null")
	}
	return l
}

// add appends a tensor with random elements.
func (l *layout) add(name string) {
	names := []string{"F32", "F16", "BF16", "I8", "U8", "I32", "I64"}
	t := &laid{name: name, kind: names[l.IntN(len(names))], key: l.quote(name)}
	n := map[string]int{"F32": 4, "F16": 2, "BF16": 2, "I8": 1, "U8": 1, "I32": 4, "I64": 8}[t.kind]
	for range l.IntN(5) {
		t.shape = append(t.shape, l.IntN(5))
		n *= t.shape[len(t.shape)-1]
	}
	t.data = make([]byte, n)
	for i := range t.data {
		t.data[i] = byte(l.Uint32())
	}
	t.dtype, t.sizes, t.offsets = l.quote(t.kind), l.list(t.shape), l.list([]int{len(l.data), len(l.data) + n})
	l.data = append(l.data, t.data...)
	l.tensors = append(l.tensors, t)
}

// file puts the parts together.
func (l *layout) file() []byte {
	members := append([]string{}, l.extra...)
	for _, t := range l.tensors {
		parts := []string{l.quote("dtype") + ":" + t.dtype, l.quote("shape") + ":" + t.sizes, l.quote("data_offsets") + l.space() + ":" + t.offsets}
		l.Shuffle(3, func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		members = append(members, t.key+l.space()+":"+l.space()+"{"+strings.Join(parts, ","+l.space())+t.more+"}")
	}
	l.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	text := l.space() + "{" + strings.Join(members, l.space()+","+l.space()) + "}" + l.space()
	if l.IntN(2) > 0 {
		text += strings.Repeat(" ", -len(text)&7)
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(file, text...), l.data...)
}

func (l *layout) space() string {
	return []string{"", "", "", " ", "\n", "\t \r\n"}[l.IntN(6)]
}

// word returns a random name.
func (l *layout) word() string {
	runes := []rune("abcdefgh0123456789..__\"\\/\n\x00\x7fé<&>語\u2028😀")
	var b strings.Builder
	for range l.IntN(12) {
		b.WriteRune(runes[l.IntN(len(runes))])
	}
	return b.String()
}

// quote returns a text as JSON, with escapes where they have to be and here and there elsewhere.
func (l *layout) quote(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch escape := r < ' ' || r == '"' || r == '\\' || l.IntN(8) == 0; {
		case !escape:
			b.WriteRune(r)
		case (r == '"' || r == '\\' || r == '/') && l.IntN(2) > 0:
			b.WriteString("\\" + string(r))
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\u%04x\u%04X`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return `"` + b.String() + `"`
}

func (l *layout) list(numbers []int) string {
	parts := make([]string, len(numbers))
	for i, n := range numbers {
		parts[i] = l.space() + fmt.Sprint(n) + l.space()
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func (l *layout) texts(texts map[string]string) string {
	var parts []string
	for k, v := range texts {
		parts = append(parts, l.quote(k)+l.space()+":"+l.quote(v))
	}
	return "{" + strings.Join(parts, l.space()+",") + "}"
}
