package cpu

import (
	"slices"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend"
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
type lines[E float32 | uint16 | int32] struct {
	t     backend.Tensor
	data  []E
	rows  int
	width int // of a row
	cuts  int // lines of a row
}

// linesOf reads t as one row if flat.
func linesOf[E float32 | uint16 | int32](t backend.Tensor, flat bool) lines[E] {
	l := lines[E]{t: t, data: elements[E](t), rows: 1, width: t.Len()}
	if !flat {
		l.rows, l.width = t.Rows(), t.Dim(-1)
	}
	l.cuts = (l.width + span - 1) / span
	return l
}

// at returns line i. After the last line comes the first again, which is how Add broadcasts.
func (l *lines[E]) at(i int) []E {
	off := l.t.Row(i / l.cuts % l.rows)
	lo := i % l.cuts * span
	return l.data[off+lo : off+min(lo+span, l.width)]
}

// flat reports whether the lines of all operands can run across rows.
func flat(ts ...backend.Tensor) bool {
	for _, t := range ts {
		if !t.Compact() || t.Len() != ts[0].Len() {
			return false
		}
	}
	return true
}

// share calls body for n items of the given number of elements, in groups large enough to be worth a worker.
func (b *Backend) share(n, elements int, body func(worker, i int)) {
	group := max(1, grain/max(1, elements))
	b.pool.For((n+group-1)/group, func(worker, g int) {
		for i := g * group; i < min((g+1)*group, n); i++ {
			body(worker, i)
		}
	})
}

// map1 calls body for each line of dst and x.
func map1[D, X float32 | uint16](b *Backend, dst, x backend.Tensor, body func(worker int, dst []D, x []X)) {
	one := flat(dst, x)
	d, s := linesOf[D](dst, one), linesOf[X](x, one)
	b.share(d.rows*d.cuts, min(d.width, span), func(worker, i int) { body(worker, d.at(i), s.at(i)) })
}

// map2 calls body for each line of dst, x and y, the rows of y repeating.
func map2(b *Backend, dst, x, y backend.Tensor, body func(worker int, dst, x, y []float32)) {
	one := flat(dst, x, y)
	d, s, t := linesOf[float32](dst, one), linesOf[float32](x, one), linesOf[float32](y, one)
	b.share(d.rows*d.cuts, min(d.width, span), func(worker, i int) { body(worker, d.at(i), s.at(i), t.at(i)) })
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
