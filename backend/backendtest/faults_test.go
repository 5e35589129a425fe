package backendtest

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// faults break the reference in how it reads and writes tensors, and so in all kernels. Each has the words that tell it.
var faults = []struct {
	name, words string
	open        func(workers int) *reference
}{
	{"writes after rows", "changed byte", func(int) *reference {
		return &reference{load: load, store: afterRows(func(b []byte) { copy(b, "\x00\x00") })}
	}},
	{"adds after rows", "changed byte", func(int) *reference { // where NaN is and stays
		return &reference{load: load, store: afterRows(func(b []byte) {
			f := math.Float32frombits(binary.NativeEndian.Uint32(b))
			binary.NativeEndian.PutUint32(b, math.Float32bits(f+1))
		})}
	}},
	{"writes before dst", "changed byte", func(int) *reference {
		return &reference{load: load, store: func(t, v Tensor) { t.Mem.Host[t.Offset()-1] ^= 1; store(t, v) }}
	}},
	{"leaves an element", "elements wrong", func(int) *reference {
		return &reference{load: load, store: func(t, v Tensor) {
			_, end := lastRow(t)
			kept := binary.NativeEndian.Uint16(t.Mem.Host[end-2:])
			store(t, v)
			binary.NativeEndian.PutUint16(t.Mem.Host[end-2:], kept)
		}}
	}},
	{"writes to operands", "changed byte", func(int) *reference {
		return &reference{store: store, load: func(t Tensor) Tensor {
			v := load(t)
			if !t.IsZero() {
				t.Mem.Host[t.Offset()] ^= 1
			}
			return v
		}}
	}},
	{"ignores strides", "elements wrong", func(int) *reference {
		return &reference{store: store, load: func(t Tensor) Tensor {
			if t.IsZero() {
				return t
			}
			return load(tensor.Make(t.Mem, t.Offset(), t.DType(), t.Shape()...))
		}}
	}},
	{"reads after rows", "elements wrong", func(int) *reference { return &reference{load: readAfterRows, store: store} }},
	{"depends on workers", "differ between 1 and 3 workers", func(workers int) *reference {
		return &reference{load: load, store: func(t, v Tensor) {
			if f := tensor.Float32s(v); workers == 3 {
				f[0] = math.Float32frombits(math.Float32bits(f[0]) ^ 1<<16)
			}
			store(t, v)
		}}
	}},
	{"multiplies in bf16", "elements wrong", func(int) *reference {
		return &reference{store: store, load: func(t Tensor) Tensor {
			v := load(t)
			if v.DType() == tensor.F32 {
				for i, f := range tensor.Float32s(v) {
					tensor.Float32s(v)[i] = tensor.RoundBF16(f)
				}
			}
			return v
		}}
	}},
	{"is off by 2⁻¹⁸", "elements wrong", func(int) *reference {
		return &reference{load: load, store: func(t, v Tensor) {
			for i := range tensor.Float32s(v) {
				tensor.Float32s(v)[i] *= 1 + 0x1p-18
			}
			store(t, v)
		}}
	}},
}

// afterRows stores, and changes the four bytes after every row.
func afterRows(change func(b []byte)) func(t, v Tensor) {
	return func(t, v Tensor) {
		for _, hi := range rows(t) {
			change(t.Mem.Host[hi : hi+4])
		}
		store(t, v)
	}
}

// readAfterRows adds to the first element of each row 0 times what comes after the row.
func readAfterRows(t Tensor) Tensor {
	v := load(t)
	if v.DType() != tensor.F32 {
		return v
	}
	f := tensor.Float32s(v)
	for _, hi := range rows(t) {
		next := tensor.Make(t.Mem, hi, t.DType(), 1)
		f[0] += 0 * tensor.Float32s(load(next))[0]
		f = f[t.Dim(-1):]
	}
	return v
}

func lastRow(t Tensor) (lo, hi int) {
	for lo, hi = range rows(t) {
	}
	return lo, hi
}

// TestFaults makes sure that each fault is found in each kernel.
func TestFaults(t *testing.T) {
	kernels := map[string][]test{}
	for _, c := range smallTests() {
		kernels[c.kernel] = append(kernels[c.kernel], c)
	}
	if len(kernels) != 14 {
		t.Fatalf("tests of %d kernels, want 14", len(kernels))
	}
	for _, fault := range faults {
		devices := []device{{fault.open(1), 1}, {fault.open(3), 3}}
		for kernel, tests := range kernels {
			if !found(tests, devices, fault.words) {
				t.Errorf("a backend that %s passes all tests of %s", fault.name, kernel)
			}
		}
	}
}

// TestComputing makes sure that a backend is found out that rounds no operands, by each kind of product.
func TestComputing(t *testing.T) {
	exact := []device{{&reference{load: load, store: store, exact: true}, 1}}
	for _, compute := range []tensor.DType{tensor.BF16, tensor.I8} {
		kernels := map[string][]test{}
		for _, c := range smallTests() {
			if c, differs := c.computing(compute); differs {
				kernels[c.kernel] = append(kernels[c.kernel], c)
			}
		}
		if want := map[tensor.DType]int{tensor.BF16: 3, tensor.I8: 2}[compute]; len(kernels) != want {
			t.Fatalf("%v: tests of %d kernels, want %d", compute, len(kernels), want)
		}
		for kernel, tests := range kernels {
			if !found(tests, exact, "elements wrong") {
				t.Errorf("a backend that does not round to %v passes all tests of %s", compute, kernel)
			}
		}
	}
}

// scaleFaults break how Gemm reads I8 weights, which are given as float32, and their scale.
var scaleFaults = []struct {
	name string
	do   func(w *backend.Weight, a *backend.GemmArgs)
}{
	{"ignores the scale", func(w *backend.Weight, _ *backend.GemmArgs) { w.Scale = Tensor{} }},
	{"takes the first scale for all rows", func(w *backend.Weight, a *backend.GemmArgs) {
		each(w.Scale, func(i int) float32 { return tensor.Float32s(w.Scale)[0] })
	}},
	{"takes the size of the scale", func(w *backend.Weight, a *backend.GemmArgs) {
		each(w.Scale, func(i int) float32 { return float32(math.Abs(float64(tensor.Float32s(w.Scale)[i]))) })
	}},
	{"takes a scale of 0 for 1", func(w *backend.Weight, a *backend.GemmArgs) {
		each(w.Scale, func(i int) float32 {
			if s := tensor.Float32s(w.Scale)[i]; s != 0 {
				return s
			}
			return 1
		})
	}},
	{"scales the bias", func(w *backend.Weight, a *backend.GemmArgs) {
		if !a.Bias.IsZero() {
			n := w.Scale.Len()
			each(a.Bias, func(i int) float32 { return tensor.Float32s(a.Bias)[i] * tensor.Float32s(w.Scale)[i%n] })
		}
	}},
	{"takes bytes for unsigned", recoded(func(v float32) float32 {
		if v < 0 {
			return v + 256
		}
		return v
	})},
	{"takes -128 for -127", recoded(func(v float32) float32 { return max(v, -127) })},
	{"takes 127 for 126", recoded(func(v float32) float32 { return min(v, 126) })},
	{"takes -128 for 128", recoded(func(v float32) float32 {
		if v == -128 {
			return 128
		}
		return v
	})},
}

// each sets every element of t to f(i).
func each(t Tensor, f func(i int) float32) {
	for i := range tensor.Float32s(t) {
		tensor.Float32s(t)[i] = f(i)
	}
}

// recoded is a fault that reads weights v as f(v).
func recoded(f func(v float32) float32) func(w *backend.Weight, a *backend.GemmArgs) {
	return func(w *backend.Weight, _ *backend.GemmArgs) {
		each(w.Matrix, func(i int) float32 { return f(tensor.Float32s(w.Matrix)[i]) })
	}
}

// misscaled is a reference with a scale fault.
type misscaled struct {
	*reference
	fault func(w *backend.Weight, a *backend.GemmArgs)
}

func (m misscaled) Gemm(dst, x Tensor, w backend.Weight, a backend.GemmArgs) {
	if w.Matrix.DType() == tensor.I8 {
		w, a.Bias = m.weight(w), load(a.Bias)
		m.fault(&w, &a)
	}
	m.reference.Gemm(dst, x, w, a)
}

// TestScaleFaults makes sure that each is found.
func TestScaleFaults(t *testing.T) {
	for _, fault := range scaleFaults {
		b := misscaled{&reference{load: load, store: store}, fault.do}
		if !found(gemmTests(), []device{{b, 1}}, "elements wrong") {
			t.Errorf("a Gemm that %s passes all tests", fault.name)
		}
	}
}

// found reports whether the error of one of the tests has the words.
func found(tests []test, devices []device, words string) bool {
	for _, c := range tests {
		if err := c.check(devices); err != nil && strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}
