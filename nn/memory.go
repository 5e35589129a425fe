package nn

import (
	"cmp"
	"context"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// chunkBytes is the unit in which private memory for vectors is taken from the device.
const chunkBytes = 1 << 20

// alloc returns a compact tensor in private memory. When the device has none, or the context has ended, it is a shape only.
func (c *checkpoint) alloc(dt tensor.DType, dims ...int) Tensor {
	const align = 64
	t := tensor.Make(nil, 0, dt, dims...)
	if c.fail = cmp.Or(c.fail, c.ctx.Err()); c.fail != nil {
		return t
	}
	n := (t.Len()*dt.Size() + align - 1) &^ (align - 1)
	// What is large has memory of its own, and leaves the rest of the chunk to others. Beyond the limit all is only counted.
	if n >= chunkBytes || c.private > c.limit {
		return tensor.Make(c.take(n), 0, dt, dims...)
	}
	if c.chunk == nil || c.used+n > c.chunk.Size {
		m := c.take(chunkBytes)
		if m == nil {
			return t
		}
		c.chunk, c.used = m, 0
	}
	t = tensor.Make(c.chunk, c.used, dt, dims...)
	c.used += n
	return t
}

// take returns memory for weights, or nil if there is none or the limit does not allow it.
func (c *checkpoint) take(bytes int) *tensor.Memory {
	if !c.reserve(bytes) {
		return nil
	}
	m, err := c.b.AllocHost(bytes)
	if err != nil {
		c.fail = err
		return nil
	}
	return m
}

// reserve counts bytes as private, and reports whether the limit allows them.
func (c *checkpoint) reserve(bytes int) bool {
	c.private += int64(bytes)
	return c.private <= c.limit
}

// copied returns the named tensor t or, if the source has to copy it, the copy, which counts as private.
func (p Params) copied(name string, t Tensor) Tensor {
	src, ok := p.root.src.(Copier)
	n := t.Len() * t.DType().Size()
	if !ok || t.Mem != nil || p.root.fail != nil || !p.root.reserve(n) {
		return t
	}
	buffer := p.root.spare
	if p.root.spare = nil; cap(buffer) < n {
		buffer = make([]byte, n)
	}
	m := tensor.HostMemory(buffer[:n])
	if p.root.fail = src.Copy(p.root.ctx, m.Host, name); p.root.fail != nil {
		return t
	}
	p.root.copies[m] = true
	return tensor.Make(m, 0, t.DType(), t.Shape()...)
}

// discard gives back what w takes, which is not read any more: pages of the file, or the memory of a copy, for the next one.
func (p Params) discard(w Tensor) {
	if p.root.copies[w.Mem] {
		p.root.private -= int64(w.Mem.Size)
		p.root.spare = w.Mem.Host
		delete(p.root.copies, w.Mem)
	} else if e, ok := p.root.src.(Evicter); ok {
		e.Evict(w)
	}
}

// float32s returns a compact t as F32: itself, or a converted copy.
func (p Params) float32s(t Tensor) Tensor {
	if t.DType() == tensor.F32 || t.Mem == nil {
		return tensor.Make(t.Mem, t.Offset(), tensor.F32, t.Shape()...)
	}
	dst := p.root.alloc(tensor.F32, t.Shape()...)
	if dst.Mem == nil {
		return dst
	}
	widen(tensor.Float32s(dst), t)
	return dst
}

// channelsLast returns w [O, I, kh, kw] as [O, kh, kw, I] in private memory, and gives the pages of w back.
func (p Params) channelsLast(w Tensor) Tensor {
	o, i, kh, kw := w.Dim(0), w.Dim(1), w.Dim(2), w.Dim(3)
	if w.Mem == nil {
		return tensor.Make(nil, 0, w.DType(), o, kh, kw, i)
	}
	dst := p.root.alloc(w.DType(), o, kh, kw, i)
	if dst.Mem == nil {
		return dst
	}
	// A convolution of a gigabyte takes seconds.
	for lo := 0; lo < o && p.root.ctx.Err() == nil; lo++ {
		if to, from := dst.Slice(0, lo, lo+1), w.Slice(0, lo, lo+1); w.DType() == tensor.F32 {
			transpose(tensor.Float32s(to), tensor.Float32s(from), i, kh*kw)
		} else {
			transpose(tensor.Uint16s(to), tensor.Uint16s(from), i, kh*kw)
		}
	}
	p.discard(w)
	return dst
}

// compact returns t or, if its rows are strided, a copy that counts as private.
func (p Params) compact(t Tensor) Tensor {
	if t.Compact() || t.Mem == nil {
		return t
	}
	if !p.root.reserve(t.Len() * t.DType().Size()) {
		return tensor.Make(nil, 0, t.DType(), t.Shape()...)
	}
	c := compact(p.root.ctx, t)
	p.root.copies[c.Mem] = true
	return c
}

// Compact returns t or, if its rows are strided, a copy in host memory.
func Compact(t Tensor) Tensor {
	if t.Compact() || t.Mem == nil {
		return tensor.Make(t.Mem, t.Offset(), t.DType(), t.Shape()...)
	}
	return compact(context.Background(), t)
}

// compact copies t, which has strided rows; a part of it, once ctx has ended.
func compact(ctx context.Context, t Tensor) Tensor {
	width := t.DType().Size() * t.Dim(-1)
	rows := make([]byte, width*t.Rows())
	for r := 0; r < t.Rows() && ctx.Err() == nil; r++ {
		at := t.Offset() + t.DType().Size()*t.Row(r)
		copy(rows[r*width:(r+1)*width], t.Mem.Host[at:])
	}
	return tensor.Make(tensor.HostMemory(rows), 0, t.DType(), t.Shape()...)
}

// transpose transposes a matrix [rows, cols].
func transpose[E any](dst, src []E, rows, cols int) {
	for c := range cols {
		d := dst[c*rows : (c+1)*rows]
		for r := range d {
			d[r] = src[r*cols+c]
		}
	}
}
