package faceclip

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestConvertHalf converts matrices to half precision.
func TestConvertHalf(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	dir := copyMini(t)
	for _, dt := range []tensor.DType{tensor.BF16, tensor.F16} {
		to := dir + "-" + dt.String()
		must(t, Convert(context.Background(), dir, to, &ConvertOptions{Weights: dt}))
		p, err := Open(context.Background(), to, nil)
		must(t, err)
		generate(t, p, small())
		must(t, p.Close())
		for _, part := range []string{"unet", "vae", "face_clip_encoder"} {
			checkHalf(t, dir, to, part, dt)
		}
	}
}

// checkHalf checks that matrices are rounded and vectors are as they were.
func checkHalf(t *testing.T, from, to, part string, dt tensor.DType) {
	t.Helper()
	a, err := safetensors.OpenComponent(safetensors.DirOf(from), part)
	must(t, err)
	defer a.Close()
	b, err := safetensors.OpenComponent(safetensors.DirOf(to), part)
	must(t, err)
	defer b.Close()
	for _, name := range a.Names() {
		x, _ := a.Get(name)
		y, _ := b.Get(name)
		if x.Rank() < 2 {
			if x.DType() != y.DType() || string(tensor.Bytes(x)) != string(tensor.Bytes(y)) {
				t.Errorf("%s: %s differs", part, name)
			}
			continue
		}
		if y.DType() != dt || !x.SameShape(y) {
			t.Fatalf("%s: %s is %v, was %v", part, name, y, x)
		}
		for i := range x.Len() {
			v := float(x, i)
			rounded := tensor.RoundBF16(v)
			if dt == tensor.F16 {
				rounded = tensor.FromF16(tensor.ToF16(v))
			}
			if got := float(y, i); got != rounded {
				t.Fatalf("%s: %s: %v became %v, want %v", part, name, v, got, rounded)
			}
		}
	}
}

// float returns element i of a compact tensor of a floating-point type.
func float(t tensor.Tensor, i int) float32 {
	b := tensor.Bytes(t)[i*t.DType().Size():]
	switch t.DType() {
	case tensor.F32:
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	case tensor.F16:
		return tensor.FromF16(binary.LittleEndian.Uint16(b))
	}
	return tensor.FromBF16(binary.LittleEndian.Uint16(b))
}

// TestConvertAsStored copies a model whose decoder lies elsewhere: its numbers stay as they are, and so they do when int8
// is made int8.
func TestConvertAsStored(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	dir := copyMini(t)
	elsewhere := filepath.Join(t.TempDir(), "vae")
	must(t, os.Rename(filepath.Join(dir, "vae"), elsewhere))
	if err := os.Symlink(elsewhere, filepath.Join(dir, "vae")); err != nil {
		t.Skip(err) // not everywhere
	}
	from := dir
	for i, weights := range []tensor.DType{0, tensor.I8, tensor.I8} {
		to := filepath.Join(filepath.Dir(dir), fmt.Sprint(i)) + string(filepath.Separator)
		must(t, Convert(context.Background(), from, to, &ConvertOptions{Weights: weights}))
		for _, part := range []string{"unet", "vae", "face_clip_encoder"} {
			if i != 1 {
				checkSame(t, from, to, part)
			}
		}
		from = to
	}
}

// checkSame checks that two folders hold the same tensors of a component.
func checkSame(t *testing.T, from, to, part string) {
	t.Helper()
	a, err := safetensors.OpenComponent(safetensors.DirOf(from), part)
	must(t, err)
	defer a.Close()
	b, err := safetensors.OpenComponent(safetensors.DirOf(to), part)
	must(t, err)
	defer b.Close()
	if !slices.Equal(a.Names(), b.Names()) {
		t.Errorf("%s: other names", part)
	}
	for _, name := range a.Names() {
		x, _ := a.Get(name)
		y, _ := b.Get(name)
		if x.DType() != y.DType() || !x.SameShape(y) || string(tensor.Bytes(x)) != string(tensor.Bytes(y)) {
			t.Errorf("%s: %s differs", part, name)
		}
	}
}
