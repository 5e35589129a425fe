package backendtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// refusals gives each operation, in the place of each operand, what it must not be given: another element type, and memory that
// is not there, not the device's, freed, released, only read, or part of the result's. Each has to panic and name operation and
// tensor.
func refusals(t *testing.T, d device, tests []test) {
	for act := tensor.F32; act.Valid(); act++ {
		s, err := backend.NewStream(d, backend.Types{Act: act}, arena)
		if (err == nil) != (d.Supports(backend.Types{Act: act}) == nil) {
			t.Errorf("NewStream for activations of %v: %v", act, err)
		}
		if err == nil {
			s.Close()
		}
	}
	if d.Supports(backend.Types{Act: tensor.F32}) != nil {
		t.Error("F32 is not supported")
	}
	type place struct {
		kernel  string
		operand int
	}
	seen := map[place]bool{}
	for _, c := range tests {
		if tensor.Make(nil, 0, tensor.F32, c.operands[0].dims...).Len() < 2 { // overlaps nothing in part
			continue
		}
		for i, o := range c.operands {
			if at := (place{c.kernel, i}); !o.absent() && !seen[at] {
				seen[at] = true
				t.Run(fmt.Sprintf("Refusals/%s/%d", c.kernel, i), func(t *testing.T) { c.refusals(t, d, i) })
			}
		}
	}
}

const arena = 1 << 16

// refusals tries all that operand i of the test must not be.
func (c *test) refusals(t *testing.T, d device, i int) {
	o := c.operands[i]
	size := 8 * tensor.Make(nil, 0, o.dtype, o.dims...).Len()
	s, err := backend.NewStream(d, backend.Types{Act: tensor.F32}, arena+size)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	memory, err := d.Alloc(size)
	if err != nil {
		t.Fatal(err)
	}
	bad := o.wrongTypes(size)
	for name, m := range map[string]*tensor.Memory{"no memory": nil, "another device": {Ptr: 1 << 32, Size: size}, "freed": memory} {
		bad[name] = tensor.Make(m, 0, o.dtype, o.dims...)
	}
	d.Free(memory)
	bad["released"] = released(s, o)
	if i == 0 {
		file := hostMemory(size)
		file.File = "weights"
		bad["only read"] = tensor.Make(file, 0, o.dtype, o.dims...)
	}
	if !o.optional && (i > 0 || c.kernel == "Rope") { // another dst is allocated
		bad["missing"] = Tensor{}
	}
	for name, x := range bad {
		if message := c.panics(s, map[int]Tensor{i: x}); !strings.HasPrefix(message, "backend: "+c.kernel+": ") || !strings.Contains(message, x.String()) {
			t.Errorf("%s: %v: panic %q", name, x, message)
		}
	}
	if i > 0 {
		c.overlapping(t, s, i)
	}
}

// wrongTypes returns the operand with each element type that it must not have, in host memory of size bytes.
func (o operand) wrongTypes(size int) map[string]Tensor {
	wrong := map[string]Tensor{}
	for dt := tensor.F32; dt.Valid(); dt++ {
		if dt != o.dtype && !slices.Contains(o.types, dt) {
			wrong[dt.String()] = tensor.Make(hostMemory(size), 0, dt, o.dims...)
		}
	}
	return wrong
}

func hostMemory(n int) *tensor.Memory { return tensor.HostMemory(make([]byte, n)) }

// overlapping gives operand i memory that begins with the second element of dst.
func (c *test) overlapping(t *testing.T, s *backend.Stream, i int) {
	dst, o := c.operands[0], c.operands[i]
	m := hostMemory(16 * (tensor.Make(nil, 0, dst.dtype, dst.dims...).Len() + tensor.Make(nil, 0, o.dtype, o.dims...).Len()))
	shifted := tensor.Make(m, dst.dtype.Size(), o.dtype, o.dims...)
	both := map[int]Tensor{0: tensor.Make(m, 0, dst.dtype, dst.dims...), i: shifted}
	if message := c.panics(s, both); !strings.Contains(message, "overlaps "+shifted.String()) {
		t.Errorf("overlapping dst: panic %q", message)
	}
}

// panics calls the operation with some operands of its own, and returns the panic.
func (c *test) panics(s *backend.Stream, own map[int]Tensor) (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	var operands []Tensor
	for i, o := range c.operands {
		t, ok := own[i]
		if !ok && !o.absent() {
			t = tensor.Make(nil, 0, o.dtype, o.dims...)
			t.Mem = hostMemory(t.Extent())
		}
		operands = append(operands, t)
	}
	c.call(door{s}, operands)
	return
}

func released(s *backend.Stream, o operand) Tensor {
	defer s.Release(s.Mark())
	return s.NewOf(o.dtype, o.dims...)
}
