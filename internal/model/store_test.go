package model

import (
	"context"
	"fmt"
	"testing"

	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// device holds copies of tensors, which it knows by how many elements they have.
type device struct {
	loaded, evicted []int
}

func (d *device) Limit() int64                                { return 1 << 10 }
func (d *device) CopyBytes(tensor.DType, tensor.Tensor) int64 { return 1 }
func (d *device) Holds(_ tensor.DType, t tensor.Tensor) bool  { return t.Dim(0) == 2 }
func (d *device) Evict(tensors []tensor.Tensor)               { d.evicted = append(d.evicted, lengths(tensors)...) }
func (d *device) Load(_ context.Context, _ tensor.DType, tensors []tensor.Tensor) error {
	d.loaded = append(d.loaded, lengths(tensors)...)
	return nil
}

func lengths(tensors []tensor.Tensor) (n []int) {
	for _, t := range tensors {
		n = append(n, t.Dim(0))
	}
	return n
}

// TestCopies checks that a device loads all of a block, and that of the file only those pages are read which it has no copies of.
func TestCopies(t *testing.T) {
	sized := func(n int) tensor.Tensor { return tensor.Make(nil, 0, tensor.I8, n) }
	block := nn.Block{Tensors: []tensor.Tensor{sized(1), sized(2), sized(3)}, Own: []tensor.Tensor{sized(4)}}
	d, r := &device{}, &recorder{}
	c := copies{d, tensor.BF16, pages{r}}
	if err := c.Load(t.Context(), block); err != nil {
		t.Fatal(err)
	}
	c.Evict(block)
	for what, got := range map[string][2]any{
		"loaded": {d.loaded, []int{1, 2, 3, 4}}, "evicted": {d.evicted, []int{1, 2, 3, 4}},
		"pages read": {r.asked, []int{1, 3}}, "pages given back": {r.evicted, []int{1, 3}},
	} {
		if fmt.Sprint(got[0]) != fmt.Sprint(got[1]) {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Load(ctx, block); err == nil {
		t.Error("loads though the context has ended")
	}
}
