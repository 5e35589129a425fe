// Package randomweights makes weights for models that are not there: of the published names and shapes, with values that
// keep activations near 1, so that time and memory are those of the real model.
package randomweights

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Source is an nn.Source of bfloat16 weights that are made when they are asked for and live in memory.
type Source struct {
	shapes nn.Source
	made   map[string]tensor.Tensor
}

// New returns weights of the names and shapes of a source without data, such as package keys has.
func New(shapes nn.Source) *Source { return &Source{shapes, map[string]tensor.Tensor{}} }

// Names returns the names of all weights.
func (s *Source) Names() []string { return s.shapes.Names() }

// Get returns the named weights.
func (s *Source) Get(name string) (tensor.Tensor, bool) {
	shape, ok := s.shapes.Get(name)
	if !ok {
		return tensor.Tensor{}, false
	}
	t, ok := s.made[name]
	if !ok {
		host := make([]byte, 0, shape.Len()*tensor.BF16.Size())
		Fill(name, shape.Shape(), func(b []byte) error { host = append(host, b...); return nil })
		t = tensor.Make(tensor.HostMemory(host), 0, tensor.BF16, shape.Shape()...)
		s.made[name] = t
	}
	return t, true
}

// Evict forgets weights that have been copied.
func (s *Source) Evict(t tensor.Tensor) {
	for name, made := range s.made {
		if made.Mem == t.Mem {
			delete(s.made, name)
		}
	}
}

// Write writes the named weights as bfloat16 to w.
func Write(w io.Writer, name string, shape []int) error {
	return Fill(name, shape, func(b []byte) error { _, err := w.Write(b); return err })
}

// Fill passes the named weights, bfloat16, to emit, piece by piece. A name's weights are always the same.
func Fill(name string, shape []int, emit func([]byte) error) error {
	h := fnv.New64a()
	io.WriteString(h, name)
	random := rand.New(rand.NewPCG(h.Sum64(), 1))
	table := codes(name, shape, random)
	n := 1
	for _, d := range shape {
		n *= d
	}
	piece := make([]byte, 0, 1<<16)
	draw := uint64(0)
	for i := range n {
		if draw >>= 16; i%4 == 0 { // one draw serves four weights
			draw = random.Uint64()
		}
		piece = binary.LittleEndian.AppendUint16(piece, table[draw%tableSize])
		if len(piece) == cap(piece) || i == n-1 {
			if err := emit(piece); err != nil {
				return err
			}
			piece = piece[:0]
		}
	}
	return nil
}

const tableSize = 1 << 12

// codes returns a sample of the distribution that the name and the shape of weights ask for.
func codes(name string, shape []int, random *rand.Rand) []uint16 {
	table := make([]uint16, tableSize)
	for i := range table {
		table[i] = tensor.ToBF16(float32(value(name, shape, random)))
	}
	return table
}

func value(name string, shape []int, random *rand.Rand) float64 {
	switch {
	case len(shape) == 1 && strings.HasSuffix(name, "weight"), strings.HasSuffix(name, "running_var"):
		return 0.5 + random.Float64()
	case strings.Contains(name, "embed") && strings.HasSuffix(name, "embedding.weight"), strings.HasSuffix(name, "pos_embed"):
		return 0.5 * random.NormFloat64()
	case len(shape) < 2:
		return 0.1 * random.NormFloat64()
	}
	fanIn := 1
	for _, d := range shape[1:] {
		fanIn *= d
	}
	return random.NormFloat64() / math.Sqrt(float64(fanIn))
}
