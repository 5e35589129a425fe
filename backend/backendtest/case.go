package backendtest

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A testCase is one call of a kernel.
type testCase struct {
	name  string
	dst   operand
	in    []operand
	alias int // dst is the operand in[alias-1]; 0: none of them
	// call calls the kernel. t has as many tensors as in; absent operands are zero tensors.
	call func(k backend.Kernels, dst Tensor, t []Tensor)
	// sampled checks the borders of dst and 2000 elements in between instead of all.
	sampled bool
}

func (c *testCase) random() *rand.Rand {
	h := fnv.New64a()
	io.WriteString(h, c.name)
	return rand.New(rand.NewPCG(h.Sum64(), 2))
}

// A layout is where the operands of a case lie in one memory, and the bytes of that memory before the call.
type layout struct {
	dst      Tensor
	operands []Tensor
	before   []byte
}

// guardBytes lie before, between and after the operands. They keep offsets multiples of 4 only: kernels may not count
// on more.
const guardBytes = 260

// lay places the operands with the given values. All bytes in between are of the value guard.
func (c *testCase) lay(m *tensor.Memory, dst Tensor, values []Tensor, guard float32) layout {
	l := layout{before: m.Host}
	for at := 0; at+4 <= len(m.Host); at += 4 {
		encode(m.Host[at:], guard, tensor.F32)
	}
	end := guardBytes
	for i, o := range c.in {
		var t Tensor
		if !o.absent() {
			t, end = o.place(m, end)
			end = (end+3)&^3 + guardBytes
			store(t, values[i])
		}
		l.operands = append(l.operands, t)
	}
	if c.alias > 0 {
		l.dst = l.operands[c.alias-1]
		return l
	}
	l.dst, _ = c.dst.place(m, end)
	if c.dst.fill != nil {
		store(l.dst, dst)
	}
	return l
}

// size returns the bytes of memory that lay needs.
func (c *testCase) size() int {
	end := guardBytes
	for _, o := range append(slices.Clone(c.in), c.dst) {
		if !o.absent() {
			t := tensor.Make(nil, 0, o.dtype, o.parent()...)
			end = (end+t.Extent()+3)&^3 + guardBytes
		}
	}
	return (end + 3) &^ 3
}

// run calls the kernel on b with guards of the given value, and returns the bytes of dst. It reports a change of any
// other byte.
func (c *testCase) run(b backend.Backend, dst Tensor, values []Tensor, guard float32) ([]byte, error) {
	host := tensor.HostMemory(make([]byte, c.size()))
	l := c.lay(host, dst, values, guard)
	device, err := b.Alloc(host.Size)
	if err != nil {
		return nil, err
	}
	defer b.Free(device)
	whole := tensor.Make(device, 0, tensor.U8, host.Size)
	b.Upload(whole, host.Host)
	on := make([]Tensor, len(l.operands))
	for i, t := range l.operands {
		on[i] = moved(t, device)
	}
	c.call(b, moved(l.dst, device), on)
	after := make([]byte, host.Size)
	b.Download(after, whole)
	if err := b.Sync(); err != nil {
		return nil, err
	}
	result := moved(l.dst, tensor.HostMemory(after))
	var got []byte
	eachRow(result, func(row []byte) { got = append(got, row...); clear(row) })
	eachRow(l.dst, func(row []byte) { clear(row) })
	if !bytes.Equal(after, l.before) {
		return got, fmt.Errorf("%s: bytes outside of dst have changed, the first at %d of %d", c.name, firstDifference(after, l.before), len(after))
	}
	return got, nil
}

func moved(t Tensor, m *tensor.Memory) Tensor {
	if !t.IsZero() {
		t.Mem = m
	}
	return t
}

func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// check runs the case with both kinds of guards on backends with different numbers of workers and returns what is wrong.
func (c *testCase) check(backends []backend.Backend) error {
	r := c.random()
	var values []Tensor
	for _, o := range c.in {
		values = append(values, o.values(r))
	}
	dst := Tensor{}
	if c.alias > 0 {
		dst = values[c.alias-1]
	} else {
		dst = c.dst.values(r)
	}
	var first []byte
	for i, b := range backends {
		for _, guard := range []float32{float32(math.NaN()), 1e9} {
			got, err := c.run(b, dst, values, guard)
			if err != nil {
				return err
			}
			if first == nil {
				first = got
				if err := c.compare(got, dst, values, r); err != nil {
					return err
				}
			} else if !bytes.Equal(got, first) {
				return fmt.Errorf("%s: backend %d with guards of %v gives another result than the first with NaN", c.name, i, guard)
			}
		}
	}
	return nil
}

// compare compares the bytes of dst with the specification.
func (c *testCase) compare(got []byte, dst Tensor, values []Tensor, r *rand.Rand) error {
	var s spec
	c.call(&s, dst, values)
	o := c.dst
	if c.alias > 0 {
		o = c.in[c.alias-1]
	}
	size := o.dtype.Size()
	check := func(i int) error {
		want, bound := s.at(i)
		g := float64(decode(got[i*size:], o.dtype))
		if rounded := float64(round(float32(want), o.dtype)); g == rounded || math.IsNaN(g) && math.IsNaN(want) {
			return nil
		}
		bound = bound*0x1p-24 + math.Abs(want)*roundoff[o.dtype] + math.SmallestNonzeroFloat32
		if diff := math.Abs(g - want); !(diff <= bound) {
			return fmt.Errorf("%s: element %d of %v is %v, want %v: off by %.2g, may be %.2g", c.name, i, dst, g, want, diff, bound)
		}
		return nil
	}
	for _, i := range c.elements(dst, r) {
		if err := check(i); err != nil {
			return err
		}
	}
	return nil
}

// roundoff is the relative error of rounding a result to its element type.
var roundoff = map[tensor.DType]float64{tensor.F32: 0x1p-24, tensor.F16: 0x1p-11, tensor.BF16: 0x1p-8}

// elements returns which elements of dst to look at, in increasing order.
func (c *testCase) elements(dst Tensor, r *rand.Rand) []int {
	n := dst.Len()
	all := make([]int, 0, n)
	if !c.sampled {
		for i := range n {
			all = append(all, i)
		}
		return all
	}
	for range 2000 {
		all = append(all, r.IntN(n))
	}
	// The borders: whatever is first or last along every axis but one, of which it is any.
	shape := dst.Shape()
	for free := range shape {
		for corner := range 1 << len(shape) {
			for range 40 {
				i := 0
				for axis, d := range shape {
					at := corner >> axis & 1 * (d - 1)
					if axis == free {
						at = r.IntN(d)
					}
					i = i*d + at
				}
				all = append(all, i)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
