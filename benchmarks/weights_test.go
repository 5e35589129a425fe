package benchmarks

import (
	"bytes"

	"github.com/faceclip-go/faceclip-go/internal/randomweights"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// weights is an nn.Source of random bfloat16 weights, made when they are asked for, that live in memory.
type weights struct {
	shapes  nn.Source
	entries map[string]safetensors.Entry
	made    map[string]tensor.Tensor
}

func randomWeights(shapes nn.Source) *weights {
	w := &weights{shapes, map[string]safetensors.Entry{}, map[string]tensor.Tensor{}}
	for _, e := range randomweights.Entries(shapes, tensor.BF16) {
		w.entries[e.Name] = e
	}
	return w
}

func (w *weights) Names() []string { return w.shapes.Names() }

func (w *weights) Get(name string) (tensor.Tensor, bool) {
	e, ok := w.entries[name]
	if !ok {
		return tensor.Tensor{}, false
	}
	t, ok := w.made[name]
	if !ok {
		var b bytes.Buffer
		if err := e.Data(&b); err != nil {
			panic(err) // a buffer does not fail
		}
		t = tensor.Make(tensor.HostMemory(b.Bytes()), 0, e.DType, e.Shape...)
		w.made[name] = t
	}
	return t, true
}

// Evict forgets weights that have been copied.
func (w *weights) Evict(t tensor.Tensor) {
	for name, made := range w.made {
		if made.Mem == t.Mem {
			delete(w.made, name)
		}
	}
}
