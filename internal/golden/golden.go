// Package golden compares networks with what the reference makes of the same weights, those of the miniatures. Inputs and
// results are in testdata folders, written by tools/goldens.
package golden

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/internal/steady"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tolerance is what a result may differ from the reference's, relative to its largest value.
const Tolerance = 1e-4

// arena is the bytes of activations that are enough for each network.
const arena = 64 << 20

// EachCPU runs test once on every implementation of the kernels that this machine has.
func EachCPU(t *testing.T, test func(t *testing.T)) {
	for _, kernels := range []string{"generic", "avx2", "avx512"} {
		t.Run(kernels, func(t *testing.T) {
			t.Setenv(cpu.EnvVar, kernels)
			b, err := cpu.Open(1)
			if err != nil {
				t.Skip(err)
			}
			b.Close()
			test(t)
		})
	}
}

// Config returns the configuration of a component of a miniature.
func Config[C any](t *testing.T, system mini.System, component string) (c C) {
	t.Helper()
	text, err := fs.ReadFile(mini.Random(system), path.Join(component, "config.json"))
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A Case is a network's inputs and results, and what it needs to compute them itself.
type Case struct {
	S *backend.Stream
	P nn.Params // root of the component's checkpoint

	t    *testing.T
	data *safetensors.Checkpoint
}

// Run calls run, which makes a network of a miniature's component, applies it to inputs in file and checks the results, on
// every implementation of the kernels.
func Run(t *testing.T, system mini.System, component, file string, run func(c *Case)) {
	weights := open(t, safetensors.Dir{FS: mini.Random(system)}, component)
	data, err := safetensors.Open(safetensors.DirOf(path.Dir(file)), path.Base(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	EachCPU(t, func(t *testing.T) {
		b, err := cpu.Open(2)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		s, err := backend.NewStream(b, backend.Types{Act: tensor.F32}, arena)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.Poison = true
		c := &Case{S: s, P: nn.NewParams(context.Background(), weights, b), t: t, data: data}
		if err := s.Do(context.Background(), func() { run(c) }); err != nil {
			t.Fatal(err)
		}
		// A part of a component leaves the rest of the checkpoint alone.
		if e := (*nn.KeyError)(nil); errors.As(c.P.Err(), &e) && len(e.Missing)+len(e.Mismatched) > 0 {
			t.Fatal(e)
		}
	})
}

func open(t *testing.T, model safetensors.Dir, component string) *safetensors.Checkpoint {
	t.Helper()
	c, err := safetensors.OpenComponent(model, component)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Tensor returns a tensor of the file, in host memory.
func (c *Case) Tensor(name string) tensor.Tensor {
	x, ok := c.data.Get(name)
	if !ok {
		c.t.Fatalf("%s: no such tensor", name)
	}
	return x
}

// Put returns an input, F32 or I32, as an activation.
func (c *Case) Put(name string) tensor.Tensor {
	x := c.Tensor(name)
	if x.DType() == tensor.I32 {
		return c.S.PutIDs(tensor.Int32s(x), x.Shape()...)
	}
	return c.S.Put(tensor.Float32s(x), x.Shape()...)
}

// Steady checks that run, when it has run once, neither allocates nor makes goroutines.
func (c *Case) Steady(run func()) {
	c.t.Helper()
	c.S.Poison = false
	steady.Check(c.t, func() {
		defer c.S.Release(c.S.Mark())
		run()
	})
	c.S.Poison = true
}

// Images returns pictures, U8 [N, 3, size, size], as numbers from 0 to 1.
func (c *Case) Images(name string) [][]float32 {
	x := c.Tensor(name)
	images := make([][]float32, x.Dim(0))
	for i := range images {
		for _, level := range tensor.Bytes(x.Slice(0, i, i+1)) {
			images[i] = append(images[i], float32(level)/255)
		}
	}
	return images
}

// Check compares a network's result with the reference's.
func (c *Case) Check(name string, got tensor.Tensor) {
	c.t.Helper()
	shape := got.Shape()
	host := tensor.FromFloat32s(c.S.Floats(got), shape...)
	want := c.Tensor(name)
	diff := Difference(host, want)
	if c.t.Logf("%s: differs by %.2g", name, diff); !(diff <= Tolerance) {
		c.t.Errorf("%s: %v, want %v", name, host, want)
	}
}
