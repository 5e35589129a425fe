package nn_test

import (
	"context"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// TestShapes makes a network from the shapes that its constructor asks for, which fit it.
func TestShapes(t *testing.T) {
	build := func(p nn.Params) {
		p.At("block").AllowInt8().Linear("up", 3, 5).With(backend.ReLU)
		p.Conv2D("conv", 4, 6, 3, 1)
		p.BatchNorm("norm", 7, 1e-5)
		p.NeverRun().LinearNoBias("head", 2, 3)
		p.Unused("mask", 1, 9)
	}
	shapes := nn.Shapes(build)
	want := []string{"block.up.bias", "block.up.weight", "conv.bias", "conv.weight", "head.weight", "mask", "norm.bias",
		"norm.num_batches_tracked", "norm.running_mean", "norm.running_var", "norm.weight"}
	if got := shapes.Names(); !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	for name, dims := range map[string][]int{"conv.weight": {6, 4, 3, 3}, "head.weight": {3, 2}, "norm.num_batches_tracked": {}} {
		if got, _ := shapes.Get(name); !slices.Equal(got.Shape(), dims) {
			t.Errorf("%s %v, want %v", name, got, dims)
		}
	}
	p := nn.NewParams(context.Background(), shapes, nil)
	build(p)
	if err := p.Err(); err != nil {
		t.Error(err)
	}
}
