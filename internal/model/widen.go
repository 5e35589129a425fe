package model

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A widened checkpoint has weights of eight bits as BF16, which holds each of their values exactly. They have to be copied.
type widened struct{ Checkpoint }

// widen returns c with what can be computed with. Eight bits that go with a scale are an error: it would be left out.
func widen(c Checkpoint) (Checkpoint, error) {
	names, narrow := c.Names(), false
	for _, name := range names {
		if t, ok := c.Get(name); !ok || !t.DType().Float8() {
			continue
		}
		narrow = true
		for _, scale := range scalesOf(name) {
			if _, ok := slices.BinarySearch(names, scale); ok {
				return nil, fmt.Errorf("%s: tensor %.100q: scales of 8-bit floating-point weights, such as %.100q, are not implemented: use a file of BF16 or F16 weights",
					c.Path(), scale, name)
			}
		}
	}
	if !narrow {
		return c, nil
	}
	return widened{c}, nil
}

func isWidened(c Checkpoint) bool { _, ok := c.(widened); return ok }

// scalesOf returns the names that programs give scales of a weight, or of what is multiplied by it.
func scalesOf(name string) []string {
	layer := strings.TrimSuffix(name, "weight")
	return []string{
		name + nn.ScaleSuffix, name + "_scale_inv", layer + "weight_scale", layer + "scale_weight", layer + "input_scale", layer + "scale_input",
		"scaled_fp8",
	}
}

// Get returns a tensor, one of eight bits without memory.
func (w widened) Get(name string) (tensor.Tensor, bool) {
	t, ok := w.Checkpoint.Get(name)
	if ok && t.DType().Float8() {
		t = tensor.Make(nil, 0, tensor.BF16, t.Shape()...)
	}
	return t, ok
}

// copyTo is Copy of a checkpoint that has it.
func copyTo(ctx context.Context, dst []byte, c Checkpoint, name string) error {
	if c, ok := c.(nn.Copier); ok {
		return c.Copy(ctx, dst, name)
	}
	return fmt.Errorf("%s: no copy of tensor %.100q is needed", c.Path(), name)
}

// Copy stores the elements of a tensor without memory in dst, in order, and gives the pages of the file back.
func (w widened) Copy(ctx context.Context, dst []byte, name string) error {
	t, _ := w.Checkpoint.Get(name)
	if !t.DType().Float8() {
		return copyTo(ctx, dst, w.Checkpoint, name)
	}
	if t.Mem == nil { // into the second half, each byte of which is read before it is written to
		half := dst[len(dst)/2:]
		if err := copyTo(ctx, half, w.Checkpoint, name); err != nil {
			return err
		}
		t = tensor.Make(tensor.HostMemory(half), 0, t.DType(), t.Shape()...)
	} else {
		defer w.Checkpoint.Evict(t)
		t = nn.Compact(t)
	}
	const piece = 4 << 20
	wide := tensor.Uint16s(tensor.Make(tensor.HostMemory(dst), 0, tensor.BF16, t.Len()))
	for codes := range slices.Chunk(tensor.Bytes(t), piece) {
		if err := ctx.Err(); err != nil {
			return err
		}
		tensor.WidenF8(wide, t.DType(), codes)
		wide = wide[len(codes):]
	}
	return nil
}
