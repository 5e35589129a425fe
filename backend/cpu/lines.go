package cpu

import (
	"slices"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// elements returns the elements of t from its first to its last, and whatever lies between its rows.
func elements[E float32 | uint16 | int32](t backend.Tensor) []E {
	if t.IsZero() || t.Extent() == 0 {
		return nil
	}
	first := unsafe.Pointer(&t.Mem.Host[t.Offset()])
	return unsafe.Slice((*E)(first), t.Extent()/t.DType().Size())
}

const (
	span  = 4096    // elements of the longest line
	grain = 1 << 15 // elements worth waking a worker for
)

// lines reads a tensor as lines of at most span adjacent elements: its rows, or the whole of it, cut into pieces.
type lines struct {
	t      backend.Tensor
	floats []float32 // of F32
	halves []uint16  // of F16 and BF16
	rows   int
	width  int // of a row
	cuts   int // lines of a row
}

// linesOf reads t as one row if flat. The zero Tensor has no lines.
func linesOf(t backend.Tensor, flat bool) lines {
	if t.IsZero() {
		return lines{}
	}
	l := lines{t: t, rows: 1, width: t.Len()}
	if t.DType() == tensor.F32 {
		l.floats = elements[float32](t)
	} else {
		l.halves = elements[uint16](t)
	}
	if !flat {
		l.rows, l.width = t.Rows(), t.Dim(-1)
	}
	l.cuts = (l.width + span - 1) / span
	return l
}

// bounds returns where line i is. After the last line comes the first again, which is how Add broadcasts.
func (l *lines) bounds(i int) (lo, hi int) {
	off := l.t.Row(i / l.cuts % l.rows)
	lo = i % l.cuts * span
	return off + lo, off + min(lo+span, l.width)
}

// f32 returns line i of F32.
func (l *lines) f32(i int) []float32 {
	lo, hi := l.bounds(i)
	return l.floats[lo:hi]
}

// f16 returns the codes of line i of F16 or BF16.
func (l *lines) f16(i int) []uint16 {
	lo, hi := l.bounds(i)
	return l.halves[lo:hi]
}

// flat reports whether the lines of all operands that are there can run across rows.
func flat(dst, x, y backend.Tensor) bool {
	fits := func(t backend.Tensor) bool { return t.Compact() && t.Len() == dst.Len() }
	return fits(dst) && fits(x) && (y.IsZero() || fits(y))
}

// share does a task for each of n items of so many elements, in groups large enough to be worth a worker.
func (b *Backend) share(n, elements int, t task) {
	g := &b.groups
	*g = groups{task: t, items: n, size: max(1, grain/max(1, elements))}
	b.pool.For((n+g.size-1)/g.size, g)
}

// groups are items, some of which are one task.
type groups struct {
	task        task
	items, size int
}

func (g *groups) do(worker, group int) {
	for i := group * g.size; i < min((group+1)*g.size, g.items); i++ {
		g.task.do(worker, i)
	}
}

// vector reads an operand [C] or [B, C], which may be absent.
type vector struct {
	data      []float32
	n, stride int
}

func vectorOf(t backend.Tensor) vector {
	if t.IsZero() {
		return vector{}
	}
	v := vector{data: elements[float32](t), n: t.Dim(-1)}
	if t.Rank() == 2 {
		v.stride = t.Stride(0)
	}
	return v
}

// of returns the vector of a batch item; nil if absent.
func (v vector) of(batch int) []float32 {
	if v.data == nil {
		return nil
	}
	return v.data[batch*v.stride:][:v.n]
}

// ones serve where a kernel wants a vector and a scalar is meant.
var ones = slices.Repeat([]float32{1}, span)
