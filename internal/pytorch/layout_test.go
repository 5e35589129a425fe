package pytorch

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/x448/float16"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A layout is a random state dict as torch.save lays it out, with what is expected of it. It can be spoilt before it is put
// together.
type layout struct {
	*rand.Rand
	storages []*stored
	tensors  []*laid
	protocol byte
	copied   int // bytes of what is no view of the file, which the file has to have, too

	records []record                           // of the archive, beside those that file makes
	spoil   func(p *pickler)                   // the instructions
	boast   func(entries []*zipped, e *ending) // the archive's headers
}

// A stored is a storage; count is what the pickle says.
type stored struct {
	key, kind string
	values    []float64
	count     int64
}

// A laid is a tensor, a view of a storage.
type laid struct {
	name         string
	storage      *stored
	kind         string // of elements, as the pickle says
	offset       int64
	size, stride []int64
	parameter    bool
}

var kinds = []string{"Float", "Half", "BFloat16", "Char", "Byte", "Int", "Long"}

var dtypes = map[string]tensor.DType{
	"Float": tensor.F32, "Half": tensor.F16, "BFloat16": tensor.BF16,
	"Char": tensor.I8, "Byte": tensor.U8, "Int": tensor.I32, "Long": tensor.I64,
}

func newLayout(r *rand.Rand) *layout {
	l := &layout{Rand: r, protocol: byte(2 + r.IntN(4))}
	for i := range r.IntN(10) {
		l.add(fmt.Sprintf("%d.%s", i, l.word()))
	}
	for i := range r.IntN(3) { // storages of nobody
		l.store(fmt.Sprint("none", i), 3)
	}
	return l
}

// add appends a tensor with a random view of an old or a new storage.
func (l *layout) add(name string) {
	t := &laid{name: name, parameter: l.IntN(3) == 0}
	t.size, t.stride = l.view()
	last, n := int64(-1), 1
	for i, d := range t.size {
		n *= int(d)
		last += max(d-1, 0) * t.stride[i]
	}
	if last++; n == 0 {
		last = -1
	}
	if l.copied += 8 * n; l.copied > 300+150*len(l.tensors) { // which the file has in any case, even if this tensor is expanded
		l.copied -= 8 * n
		return
	}
	if len(l.storages) > 0 && l.IntN(2) == 0 {
		t.storage = l.storages[l.IntN(len(l.storages))]
	}
	if t.storage == nil || t.storage.count <= last {
		l.store(fmt.Sprint(len(l.storages)), int(last)+1+l.IntN(5))
		t.storage = l.storages[len(l.storages)-1]
	}
	t.kind, t.offset = t.storage.kind, int64(l.IntN(int(t.storage.count-last)))
	l.tensors = append(l.tensors, t)
}

// view returns a random shape with strides: adjacent, permuted, with gaps, expanded or anyhow.
func (l *layout) view() (size, stride []int64) {
	size, stride = make([]int64, l.IntN(5)), make([]int64, 0, 4)
	step, gaps := int64(1), l.IntN(3) == 0
	for i := range size {
		size[i] = int64(1 + l.IntN(5))
		if l.IntN(20) == 0 {
			size[i] = 0
		}
	}
	for _, d := range slices.Backward(size) {
		if gaps {
			step *= int64(1 + l.IntN(3))
		}
		stride = append(stride, step)
		if step *= max(d, 1); gaps {
			step += int64(l.IntN(40))
		}
	}
	slices.Reverse(stride)
	switch how := l.IntN(8); {
	case how == 0:
		l.Shuffle(len(size), func(i, j int) { size[i], size[j], stride[i], stride[j] = size[j], size[i], stride[j], stride[i] })
	case how == 1 && len(size) > 0:
		stride[l.IntN(len(size))] = 0
	case how == 2:
		for i := range stride {
			stride[i] = int64(l.IntN(9))
		}
	}
	return size, stride
}

// store appends a storage of n numbers, which every type has.
func (l *layout) store(key string, n int) {
	s := &stored{key: key, kind: kinds[l.IntN(len(kinds))], count: int64(n)}
	for range n {
		v := float64(l.IntN(128))
		switch s.kind {
		case "Float", "Half", "BFloat16":
			v = v/8 - 5
		case "Char", "Int", "Long":
			v -= 64
		}
		s.values = append(s.values, v)
	}
	l.storages = append(l.storages, s)
}

// bytes returns the elements as a file has them.
func (s *stored) bytes() []byte {
	var b []byte
	le := binary.LittleEndian
	for _, v := range s.values {
		switch s.kind {
		case "Float":
			b = le.AppendUint32(b, math.Float32bits(float32(v)))
		case "Half":
			b = le.AppendUint16(b, float16.Fromfloat32(float32(v)).Bits())
		case "BFloat16":
			b = le.AppendUint16(b, uint16(math.Float32bits(float32(v))>>16))
		case "Int":
			b = le.AppendUint32(b, uint32(int32(v)))
		case "Long":
			b = le.AppendUint64(b, uint64(int64(v)))
		default:
			b = append(b, byte(int(v)))
		}
	}
	return b
}

// floats returns the numbers of compact elements.
func floats(dt tensor.DType, b []byte) []float64 {
	le, values := binary.LittleEndian, []float64{}
	for ; len(b) > 0; b = b[dt.Size():] {
		v := 0.0
		switch dt {
		case tensor.F32:
			v = float64(math.Float32frombits(le.Uint32(b)))
		case tensor.F16:
			v = float64(float16.Frombits(le.Uint16(b)).Float32())
		case tensor.BF16:
			v = float64(math.Float32frombits(uint32(le.Uint16(b)) << 16))
		case tensor.I8:
			v = float64(int8(b[0]))
		case tensor.U8:
			v = float64(b[0])
		case tensor.I32:
			v = float64(int32(le.Uint32(b)))
		case tensor.I64:
			v = float64(int64(le.Uint64(b)))
		}
		values = append(values, v)
	}
	return values
}

// want returns the numbers of a tensor, in order.
func (t *laid) want() []float64 {
	values := []float64{}
	var walk func(dim int, at int64)
	walk = func(dim int, at int64) {
		if dim == len(t.size) {
			values = append(values, t.storage.values[at])
			return
		}
		for i := range t.size[dim] {
			walk(dim+1, at+i*t.stride[dim])
		}
	}
	walk(0, t.offset)
	return values
}

// word returns a random part of a name.
func (l *layout) word() string {
	runes := []rune("abcdefgh0123456789..__ \"\\\n\x00é語😀")
	word := make([]rune, l.IntN(12))
	for i := range word {
		word[i] = runes[l.IntN(len(runes))]
	}
	return string(word)
}
