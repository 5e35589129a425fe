package model

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/faceclip-go/faceclip-go/tensor"
)

const (
	sampledTensors = 16 // of a component at most
	sampledNumbers = 8  // of each of them
)

// Fingerprint returns what tells the components from those of other models, without reading them: the SHA-256 in hexadecimal of
// each one's name and fingerprint.
func (f *Folder) Fingerprint() string {
	h := sha256.New()
	for _, c := range f.Parts {
		fmt.Fprintf(h, "%s %x\n", c.Name, c.fingerprint)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// fingerprint returns the SHA-256 of a line for each tensor, in the order of names: its name, type and shape as they are stored and,
// of 16 of those with two dimensions or more, spread evenly, the first eight numbers of their first row. How tensors are spread over
// files makes no difference, nor does a prefix that all names have, or the kind of file, but for tensors that are transposed in a
// .pt file: those count without numbers.
func fingerprint(ctx context.Context, c Checkpoint) ([]byte, error) {
	h, matrices := sha256.New(), 0
	for _, name := range c.Names() {
		if t, ok := stored(c, name); ok && t.Rank() > 1 {
			matrices++
		}
	}
	every, seen := (matrices+sampledTensors-1)/sampledTensors, 0
	for _, name := range c.Names() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t, ok := stored(c, name)
		if !ok {
			fmt.Fprintf(h, "%q\n", name)
			continue
		}
		fmt.Fprintf(h, "%q %v %v", name, t.DType(), t.Shape())
		if t.Rank() > 1 {
			if seen%every == 0 {
				writeBeginning(h, t)
			}
			seen++
		}
		fmt.Fprintln(h)
	}
	return h.Sum(nil), nil
}

// stored returns a tensor as it is in its file.
func stored(c Checkpoint, name string) (tensor.Tensor, bool) {
	switch c := c.(type) {
	case stripped:
		return stored(c.Checkpoint, c.prefix+name)
	case widened:
		return c.Checkpoint.Get(name)
	}
	return c.Get(name)
}

// writeBeginning writes the bytes of the first numbers of the first row of t, unless it has to be copied to be read.
func writeBeginning(to io.Writer, t tensor.Tensor) {
	if t.Mem == nil || t.Len() == 0 {
		return
	}
	last := t.Rank() - 1
	for axis := range last {
		t = t.Slice(axis, 0, 1)
	}
	for i := range min(sampledNumbers, t.Dim(last)) {
		fmt.Fprintf(to, " %x", tensor.Bytes(t.Slice(last, i, i+1)))
	}
}
