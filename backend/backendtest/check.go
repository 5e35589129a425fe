package backendtest

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime/debug"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A test is one call of a kernel.
type test struct {
	kernel, name string
	operands     []operand // the first is dst
	call         func(k backend.Kernels, t []Tensor)
	act          tensor.DType // of the stream; 0 is F32
	compute      tensor.DType // of its products; 0 is F32
	sampled      bool         // compare some of the elements
	correlated   bool         // elements share errors, such as that of a mean
}

// A device is a backend with a known number of workers.
type device struct {
	backend.Backend
	workers int
}

// fills are the bytes around operands. Those of NaN show what a kernel reads there; the finite ones, that it adds NaN
// to the NaN which is there.
var fills = [2]byte{0xff, 0x41}

// on returns the test for a stream of another type of activations, and whether that makes a difference.
func (c test) on(act tensor.DType) (test, bool) {
	c.act, c.name, c.operands = act, label(act, c.name), slices.Clone(c.operands)
	differs := false
	for i := range c.operands {
		if o := &c.operands[i]; o.act && o.dtype != act {
			o.dtype, differs = act, true
		}
	}
	return c, differs
}

// possible reports whether a device has the weights of a product.
func (c test) possible(d device) bool {
	if !c.weighted() {
		return true
	}
	w := c.operands[2]
	return d.Supports(backend.Types{Weight: backend.Weight{Matrix: tensor.Make(nil, 0, w.dtype, w.dims...)}}) == nil
}

// computing returns the test for products of operands that are rounded to a type, and whether that makes a difference.
func (c test) computing(compute tensor.DType) (test, bool) {
	c.compute, c.name = compute, label("computing", compute, c.name)
	return c, c.product() && compute == tensor.BF16 || c.weighted() && c.operands[2].dtype == compute
}

// weighted reports whether the kernel is a product with weights; product, whether it is any product.
func (c test) weighted() bool { return c.kernel == "Gemm" || c.kernel == "Conv2D" }
func (c test) product() bool  { return c.weighted() || c.kernel == "Attention" }

// check runs the test on every device and returns what is wrong.
func (c *test) check(devices []device) error {
	r := c.random()
	var values []Tensor
	for _, o := range c.operands {
		values = append(values, o.values(r))
	}
	images := [2]*tensor.Memory{c.image(values, 0), c.image(values, 1)}
	var first Tensor
	for i, d := range devices {
		got, err := c.run(d, images[i%2], i%2)
		if err == nil && i == 0 {
			first = got
			err = c.compare(got, values, r)
		}
		if err != nil {
			return fmt.Errorf("%d workers: %w", d.workers, err)
		}
		if n := differing(got, first); n > 0 {
			return fmt.Errorf("%d elements differ between %d and %d workers, or with where operands lie and the bytes around them",
				n, devices[0].workers, d.workers)
		}
	}
	return nil
}

const (
	guard     = 4096 // bytes before and after each operand
	alignment = 64   // operands begin at a multiple of it or one element after: nothing may rely on more, nor depend on it
)

// place returns the operands in m, and the bytes that m needs, for one of two placements.
func (c *test) place(m *tensor.Memory, placement int) (placed []Tensor, size int) {
	size = guard
	for _, o := range c.operands {
		var t Tensor
		if !o.absent() {
			t, size = o.place(m, size+(1-placement)*o.dtype.Size())
			size = (size + guard + alignment - 1) &^ (alignment - 1)
		}
		placed = append(placed, t)
	}
	return placed, size
}

// random returns numbers of the test's own.
func (c *test) random() *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(c.kernel + c.name))
	return rand.New(rand.NewPCG(h.Sum64(), 0))
}

// image returns memory with all operands, and a fill around them.
func (c *test) image(values []Tensor, placement int) *tensor.Memory {
	_, size := c.place(nil, placement)
	m := tensor.HostMemory(bytes.Repeat([]byte{fills[placement]}, size))
	placed, _ := c.place(m, placement)
	for i, o := range c.operands {
		if o.fill != nil {
			store(placed[i], values[i])
		}
	}
	return m
}

// run calls the kernel on d, in memory with the content before, and returns dst. It is an error if anything but dst
// has changed.
func (c *test) run(d device, before *tensor.Memory, placement int) (got Tensor, err error) {
	after := tensor.HostMemory(make([]byte, before.Size))
	if err := c.execute(d, before.Host, after.Host, placement); err != nil {
		return got, err
	}
	placed, _ := c.place(after, placement)
	got = load(placed[0])
	for lo, hi := range rows(placed[0]) {
		copy(after.Host[lo:hi], before.Host[lo:hi])
	}
	return got, c.changed(before.Host, after.Host, placement)
}

// execute calls the kernel on operands in memory of d that has the content before.
func (c *test) execute(d device, before, after []byte, placement int) (err error) {
	m, err := d.Alloc(len(before))
	if err != nil {
		return err
	}
	defer d.Free(m)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	s, err := c.stream(d)
	if err != nil {
		return err
	}
	defer s.Close()
	all := tensor.Make(m, 0, tensor.U8, len(before))
	staged := d.Stage(all)
	copy(tensor.Bytes(staged), before)
	d.Upload(all, staged)
	placed, _ := c.place(m, placement)
	c.call(door{s}, placed)
	if err := d.Sync(); err != nil {
		return err
	}
	d.Download(after, all)
	return nil
}

// stream returns a stream of d with what the Stream itself needs of an arena.
func (c *test) stream(d device) (*backend.Stream, error) {
	types := backend.Types{Act: cmp.Or(c.act, tensor.F32), Compute: c.compute}
	shapes, _ := c.place(nil, 0)
	return backend.NewStream(d, types, backend.Measure(d, types, func(s *backend.Stream) { c.call(door{s}, shapes) }).Peak)
}

// changed returns an error that tells where the two memories differ.
func (c *test) changed(before, after []byte, placement int) error {
	if bytes.Equal(before, after) {
		return nil
	}
	at := 0
	for before[at] == after[at] {
		at++
	}
	placed, _ := c.place(nil, placement)
	for i, t := range placed {
		if !t.IsZero() && at < t.Offset()+t.Extent() {
			return fmt.Errorf("changed byte %d of operand %d, or between its rows; only operand 0, dst, may change",
				at-t.Offset(), i)
		}
	}
	return fmt.Errorf("changed byte %d of %d, after the last operand", at, len(before))
}

// differing returns how many elements of a and b have different bits.
func differing(a, b Tensor) int {
	x, y := tensor.Bytes(a), tensor.Bytes(b)
	if bytes.Equal(x, y) {
		return 0
	}
	n := 0
	for ; len(x) > 0; x, y = x[4:], y[4:] {
		if !bytes.Equal(x[:4], y[:4]) {
			n++
		}
	}
	return n
}
