package model

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/pytorch"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestWiden compares tensors of eight bits that lie in a file as they are, with gaps, and transposed, with the codes that torch
// says they have.
func TestWiden(t *testing.T) {
	dir := safetensors.DirOf("../pytorch/testdata")
	stored, err := pytorch.Open(dir, "float8.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	want, err := safetensors.Open(dir, "float8.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	wide, err := widen(stored)
	if err != nil || len(wide.Names()) != 10 {
		t.Fatal(err, wide.Names())
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range wide.Names() {
		narrow, _ := want.Get(name)
		w := make([]uint16, narrow.Len())
		tensor.WidenF8(w, narrow.DType(), tensor.Bytes(narrow))
		got, ok := wide.Get(name)
		if !ok || got.Mem != nil || got.DType() != tensor.BF16 || !got.SameShape(narrow) {
			t.Fatalf("%s: %v of %v", name, got, narrow)
		}
		b := make([]byte, 2*len(w))
		if err := copyTo(context.Background(), b, wide, name); err != nil {
			t.Fatal(err)
		}
		u := tensor.Uint16s(tensor.Make(tensor.HostMemory(b), 0, tensor.BF16, len(w)))
		for i := range w {
			if u[i] != w[i] {
				t.Errorf("%s: element %d is %#x, want %#x", name, i, u[i], w[i])
			}
		}
		if err := copyTo(cancelled, bytes.Clone(b), wide, name); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled: %v", name, err)
		}
	}
	other, err := widen(want)
	if err != nil || !isWidened(other) {
		t.Errorf("a file of eight bits: %v", err)
	}
	if err := copyTo(context.Background(), nil, want, "none"); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("no copy: %v", err)
	}
}
