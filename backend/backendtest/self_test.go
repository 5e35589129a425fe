package backendtest

import (
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestReference checks that the specification passes its own suite.
func TestReference(t *testing.T) {
	checkAll(t, []backend.Backend{Reference()}, smallCases())
}

// A faulty backend breaks what Lincomb gives.
type faulty struct {
	backend.Backend
	spoil func(dst, a, b Tensor)
}

func (f faulty) Lincomb(dst Tensor, alpha float32, a Tensor, beta float32, b Tensor) {
	f.Backend.Lincomb(dst, alpha, a, beta, b)
	f.spoil(dst, a, b)
}

// TestFaults checks that the suite notices what it is there for.
func TestFaults(t *testing.T) {
	element := func(x Tensor, offset int) []byte { return x.Mem.Host[x.Offset()+offset:] }
	last := func(x Tensor) int { return x.Extent() - 4 }
	for _, c := range []struct {
		name  string
		spoil func(dst, a, b Tensor)
		want  string
	}{
		{"nothing", func(dst, a, b Tensor) {}, ""},
		{"write after the end", func(dst, a, b Tensor) { encode(element(dst, last(dst)+4), 1, tensor.F32) }, "outside"},
		{"write before the beginning", func(dst, a, b Tensor) { encode(dst.Mem.Host[dst.Offset()-4:], 1, tensor.F32) }, "outside"},
		{"write between rows", func(dst, a, b Tensor) { encode(element(dst, 4*dst.Dim(1)), 1, tensor.F32) }, "outside"},
		{"write to an operand", func(dst, a, b Tensor) { encode(element(a, 0), 1, tensor.F32) }, "outside"},
		{"read beyond an operand", func(dst, a, b Tensor) {
			encode(element(dst, 0), decode(element(b, last(b)+4), tensor.F32), tensor.F32)
		}, "off by"},
		{"wrong stride", func(dst, a, b Tensor) {
			row := element(dst, 4*dst.Stride(0))
			encode(row, decode(element(dst, 0), tensor.F32), tensor.F32)
		}, "off by"},
		{"small error", func(dst, a, b Tensor) {
			encode(element(dst, 0), decode(element(dst, 0), tensor.F32)*1.000002+1e-5, tensor.F32)
		}, "off by"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cases := pointwiseCases([]int{2, 31}, true)
			for i := range cases {
				if strings.HasPrefix(cases[i].name, "Lincomb") && cases[i].alias == 0 {
					err := cases[i].check([]backend.Backend{faulty{Reference(), c.spoil}})
					if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
						t.Errorf("got %v, want an error with %q", err, c.want)
					}
				}
			}
		})
	}
}

// TestWorkersDiffer checks that a result that depends on the workers is noticed, however little.
func TestWorkersDiffer(t *testing.T) {
	c := pointwiseCases([]int{2, 31}, false)
	for i := range c {
		if strings.HasPrefix(c[i].name, "Lincomb") {
			nudge := faulty{Reference(), func(dst, _, _ Tensor) { dst.Mem.Host[dst.Offset()] ^= 1 }}
			if err := c[i].check([]backend.Backend{Reference(), nudge}); err == nil || !strings.Contains(err.Error(), "another result") {
				t.Errorf("got %v", err)
			}
			return
		}
	}
	t.Error("no case")
}
