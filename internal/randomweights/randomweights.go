// Package randomweights makes weights for models that are not there, at all sizes: in a published one time and memory are
// those of the real model; in a miniature the results can be compared with the reference's.
package randomweights

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Entries returns the weights of the given names and shapes for a file, as PyTorch would store them in an element type: F32,
// F16 or BF16. Counts are integers there, and 1×1 convolutions, which are matrices to our networks, have four dimensions.
// The weights are made while they are written.
func Entries(shapes nn.Source, dtype tensor.DType) []safetensors.Entry {
	var entries []safetensors.Entry
	for _, name := range shapes.Names() {
		t, _ := shapes.Get(name)
		e := safetensors.Entry{Name: name, DType: dtype, Shape: t.Shape()}
		if strings.Contains(name, "conv") && t.Rank() == 2 {
			e.Shape = append(e.Shape, 1, 1)
		}
		if strings.HasSuffix(name, "num_batches_tracked") {
			e.DType = tensor.I64
		}
		e.Data = func(w io.Writer) error {
			return fill(name, e.DType, e.Shape, func(b []byte) error { _, err := w.Write(b); return err })
		}
		entries = append(entries, e)
	}
	return entries
}

const tableSize = 1 << 12

// fill passes the named weights to emit, piece by piece. They depend on nothing but the arguments: no number here is the
// result of more than one rounding.
func fill(name string, dtype tensor.DType, shape []int, emit func([]byte) error) error {
	h := fnv.New64a()
	io.WriteString(h, name)
	random := rand.NewPCG(h.Sum64(), 1)
	table := codes(distributionOf(name, shape), dtype, random)
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
		switch code := table[draw%tableSize]; dtype.Size() {
		case 2:
			piece = binary.LittleEndian.AppendUint16(piece, uint16(code))
		case 4:
			piece = binary.LittleEndian.AppendUint32(piece, code)
		case 8:
			piece = binary.LittleEndian.AppendUint64(piece, uint64(code))
		}
		if len(piece) == cap(piece) || i == n-1 {
			if err := emit(piece); err != nil {
				return err
			}
			piece = piece[:0]
		}
	}
	return nil
}

// codes returns a sample of a distribution, in an element type.
func codes(d distribution, dtype tensor.DType, random *rand.PCG) []uint32 {
	table := make([]uint32, tableSize)
	for i := range table {
		switch x := d.value(random.Uint64()); dtype {
		case tensor.F32:
			table[i] = math.Float32bits(x)
		case tensor.F16:
			table[i] = uint32(tensor.ToF16(x))
		case tensor.BF16:
			table[i] = uint32(tensor.ToBF16(x))
		}
	}
	return table
}
