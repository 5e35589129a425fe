package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// unlimited is any number of bytes.
const unlimited = math.MaxInt64

// An Info describes the checkpoint of a component.
type Info struct {
	Name    string // of its folder in the layout of diffusers, such as unet
	Path    string // its file, or the folder of its files
	Tensors int
	Bytes   int64          // of its files
	DTypes  []tensor.DType // that occur, as they are stored
}

// A Component is a part of a model that has weights of its own.
type Component struct {
	Info
	Checkpoint Checkpoint
	Mapped     int64 // bytes of its mapped files
	Private    int64 // bytes of memory that only this process holds
	Blocks     []nn.Block
	Sizes      []int64 // bytes of mapped weights, by block

	int8        map[string]bool // names of the weights that may be int8
	fingerprint []byte
}

// Component opens the checkpoint in a folder and makes the network that build names layers of.
func (f *Folder) Component(ctx context.Context, name string, build func(nn.Params)) (*Component, error) {
	checkpoint, err := f.checkpoint(name)
	if err != nil {
		return nil, err
	}
	c := &Component{Info: describe(name, checkpoint), Checkpoint: fitting(ctx, checkpoint, build)}
	f.Parts = append(f.Parts, c)
	source := c.Checkpoint
	if f.options.Shapes {
		source = withoutNumbers{source}
	}
	err = checkpoint.Guard(func() error {
		p := nn.NewParams(ctx, source, f.options.Backend)
		p.Limit(f.options.Private)
		if f.options.Int8 {
			p.MakeInt8()
		}
		if f.options.Compute == tensor.I8 {
			p.ComputeInt8()
		}
		err := p.Build(build)
		c.account(p)
		if err == nil {
			c.fingerprint, err = fingerprint(ctx, c.Checkpoint)
		}
		return err
	})
	if short := (*backend.MemoryError)(nil); errors.As(err, &short) && isWidened(checkpoint) {
		err = fmt.Errorf("8-bit floating-point weights are copied as BF16, which a conversion does once for all: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", checkpoint.Path(), err)
	}
	checkpoint.EvictAll() // what has been copied is not read again
	left := f.options.Private - c.Private
	if left < 0 {
		return nil, fmt.Errorf("%s: %w", checkpoint.Path(), &backend.MemoryError{Need: c.Private, Have: f.options.Private})
	}
	f.options.Private = left
	return c, ctx.Err()
}

// CopySizes returns the bytes of the copies of each block that a device makes for activations of type act.
func (c *Component) CopySizes(h backend.Holder, act tensor.DType) []int64 {
	sizes := make([]int64, len(c.Blocks))
	for i, b := range c.Blocks {
		for _, t := range b.All() {
			sizes[i] += h.CopyBytes(act, t)
		}
	}
	return sizes
}

// account notes what the component holds.
func (c *Component) account(p nn.Params) {
	c.Private, c.Blocks, c.int8 = p.Private(), p.Blocks(), map[string]bool{}
	for _, name := range p.Int8() {
		c.int8[name] = true
	}
	c.Sizes = make([]int64, len(c.Blocks))
	if !c.Checkpoint.Mapped() {
		c.Private += c.Checkpoint.Size()
		return
	}
	c.Mapped = c.Checkpoint.Size()
	for i, b := range c.Blocks {
		for _, t := range b.Tensors {
			if t.Mem.File != "" { // else it is a copy, and private
				c.Sizes[i] += int64(t.Extent())
			}
		}
	}
}

// describe returns what a checkpoint holds.
func describe(name string, c Checkpoint) Info {
	if w, ok := c.(widened); ok {
		c = w.Checkpoint
	}
	d := Info{Name: name, Path: c.Path(), Tensors: len(c.Names()), Bytes: c.Size()}
	for _, key := range c.Names() {
		if t, ok := c.Get(key); ok && !slices.Contains(d.DTypes, t.DType()) {
			d.DTypes = append(d.DTypes, t.DType())
		}
	}
	slices.Sort(d.DTypes)
	return d
}

// withoutNumbers is a checkpoint of names and shapes.
type withoutNumbers struct{ Checkpoint }

func (s withoutNumbers) Get(name string) (tensor.Tensor, bool) {
	t, ok := s.Checkpoint.Get(name)
	if ok {
		t = tensor.Make(nil, 0, t.DType(), t.Shape()...)
	}
	return t, ok
}

// Shapes are those of a checkpoint's tensors.
type Shapes struct {
	checkpoint Checkpoint
	names      []string // sorted
	prefixes   []string // that names may have
	missing    string   // the first tensor that was asked for and is not there
}

// Shapes returns those of a component.
func (f *Folder) Shapes(name string) (*Shapes, error) {
	c, err := f.checkpoint(name)
	if err != nil {
		return nil, err
	}
	names := slices.Clone(c.Names())
	slices.Sort(names)
	return &Shapes{checkpoint: c, names: names, prefixes: commonPrefixes(names)}, nil
}

// Dim returns the size of a dimension of a tensor.
func (s *Shapes) Dim(name string, axis int) int {
	for _, prefix := range s.prefixes {
		if t, ok := s.checkpoint.Get(prefix + name); ok && axis < t.Rank() {
			return t.Dim(axis)
		}
	}
	if s.missing == "" {
		s.missing = fmt.Sprintf("tensor %q, expected with %d dimensions or more", name, axis+1)
	}
	return 0
}

// Count returns the number of layers whose names begin with prefix and a number.
func (s *Shapes) Count(prefix string) int {
	most := 0
	for _, common := range s.prefixes {
		n := 0
		for s.has(fmt.Sprintf("%s%s%d.", common, prefix, n)) {
			n++
		}
		most = max(most, n)
	}
	return most
}

// has reports whether a name begins so.
func (s *Shapes) has(beginning string) bool {
	i, _ := slices.BinarySearch(s.names, beginning)
	return i < len(s.names) && strings.HasPrefix(s.names[i], beginning)
}

// Valid returns an error that names the file if a tensor was missing, or the sizes read off them are impossible.
func (s *Shapes) Valid(c Config) error {
	if s.missing != "" {
		return fmt.Errorf("%s: no %s", s.checkpoint.Path(), s.missing)
	}
	if err := c.Validate(); err != nil {
		return fmt.Errorf("%s: sizes of its tensors: %w", s.checkpoint.Path(), err)
	}
	return nil
}
