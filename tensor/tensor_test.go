package tensor

import (
	"slices"
	"strings"
	"testing"
)

// host returns a compact F32 tensor with elements 0, 1, 2, …
func host(dims ...int) Tensor {
	t := Make(nil, 0, F32, dims...)
	v := make([]float32, t.Len())
	for i := range v {
		v[i] = float32(i)
	}
	return FromFloat32s(v, dims...)
}

func TestDTypes(t *testing.T) {
	sizes := map[DType]int{F32: 4, F16: 2, BF16: 2, I8: 1, U8: 1, I32: 4, I64: 8, F8E4M3: 1, F8E5M2: 1}
	for d, size := range sizes {
		if d.Size() != size || !d.Valid() || strings.Contains(d.String(), "(") {
			t.Errorf("%v: %d bytes, want %d", d, d.Size(), size)
		}
	}
	if DType(0).Valid() || (F8E5M2 + 1).Valid() {
		t.Error("other types are valid")
	}
	if !F16.Float() || I8.Float() || F8E4M3.Float() || !F8E4M3.Float8() || !F8E5M2.Float8() || F16.Float8() {
		t.Error("Float, Float8")
	}
}

func TestViews(t *testing.T) {
	x := host(2, 3, 4)
	cols := x.Slice(2, 1, 3) // strided
	for _, c := range []struct {
		name    string
		t       Tensor
		shape   []int
		first   float32
		compact bool
		extent  int // elements
	}{
		{"whole", x, []int{2, 3, 4}, 0, true, 24},
		{"batch", x.Slice(0, 1, 2), []int{1, 3, 4}, 12, true, 12},
		{"rows", x.Slice(1, 1, 3), []int{2, 2, 4}, 4, false, 20},
		{"columns", cols, []int{2, 3, 2}, 1, false, 22},
		{"nothing", x.Slice(1, 1, 1), []int{2, 0, 4}, 4, false, 0},
		{"heads", x.Heads(2), []int{2, 3, 2, 2}, 0, true, 24},
		{"heads of columns", cols.Heads(2), []int{2, 3, 2, 1}, 1, false, 22},
		{"reshaped", x.Reshape(-1, 2), []int{12, 2}, 0, true, 24},
		{"one row", x.Slice(1, 2, 3).Slice(0, 1, 2).Reshape(4), []int{4}, 20, true, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !slices.Equal(c.t.Shape(), c.shape) || c.t.Compact() != c.compact || c.t.Extent() != 4*c.extent {
				t.Errorf("%v, compact %v, extent %d", c.t, c.t.Compact(), c.t.Extent())
			}
			if got := c.t.Offset() / 4; float32(got) != c.first {
				t.Errorf("first element %d, want %v", got, c.first)
			}
		})
	}
}

// TestRow checks offsets of rows against the definition.
func TestRow(t *testing.T) {
	x := host(2, 3, 5, 4).Slice(3, 1, 3).Slice(1, 1, 3)
	if x.Rows() != 20 {
		t.Fatalf("%d rows", x.Rows())
	}
	r := 0
	for i := range 2 {
		for j := range 2 {
			for k := range 5 {
				if got, want := x.Row(r), i*x.Stride(0)+j*x.Stride(1)+k*x.Stride(2); got != want {
					t.Errorf("row %d at %d, want %d", r, got, want)
				}
				r++
			}
		}
	}
	if scalar := host(); scalar.Rows() != 1 || scalar.Len() != 1 || scalar.IsZero() {
		t.Errorf("scalar %v: %d rows, %d elements", scalar, scalar.Rows(), scalar.Len())
	}
}

func TestPanics(t *testing.T) {
	x := host(2, 3, 4)
	for name, f := range map[string]func(){
		"rank":            func() { Make(nil, 0, F32, 1, 1, 1, 1, 1) },
		"dtype":           func() { Make(nil, 0, 0, 1) },
		"negative":        func() { Make(nil, 0, F32, -1) },
		"axis":            func() { x.Dim(3) },
		"slice":           func() { x.Slice(1, 2, 4) },
		"backward slice":  func() { x.Slice(1, 2, 1) },
		"heads":           func() { x.Heads(3) },
		"reshape":         func() { x.Reshape(5, 5) },
		"reshape strided": func() { x.Slice(2, 0, 2).Reshape(-1) },
		"elements":        func() { Int32s(x) },
		"codes":           func() { Uint16s(x) },
		"overflow":        func() { Make(nil, 0, F32, 1<<62) },
		"no such product": func() { host(4).Reshape(922337203685477581, 20) },
		"wrapped":         func() { host(0).Reshape(1<<32, 1<<32) },
		"out of memory":   func() { Make(x.Mem, 8, F32, 23) },
		"lies":            func() { Float32s(Make(&Memory{Size: 64}, 0, F32, 4)) },
		"strided bytes":   func() { Bytes(x.Slice(2, 0, 2)) },
		"length":          func() { FromFloat32s(make([]float32, 3), 2) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if r, _ := recover().(string); !strings.HasPrefix(r, "tensor: ") {
					t.Errorf("panic %q", r)
				}
			}()
			f()
			t.Error("no panic")
		})
	}
}

func TestMemory(t *testing.T) {
	v := []float32{1, 2, 3}
	x := FromFloat32s(v, 3)
	Float32s(x)[1] = 5
	if v[1] != 5 {
		t.Error("Float32s is a copy")
	}
	if m := x.Mem; !m.Contains(m.Ptr) || !m.Contains(m.Ptr+11) || m.Contains(m.Ptr+12) || m.Contains(m.Ptr-1) {
		t.Error("Contains")
	}
	if got := Int32s(FromInt32s([]int32{7, 8}, 1, 2).Slice(1, 1, 2)); len(got) != 1 || got[0] != 8 {
		t.Errorf("Int32s %v", got)
	}
	if got := Bytes(FromBytes([]byte{1, 2}, 2)); !slices.Equal(got, []byte{1, 2}) {
		t.Errorf("Bytes %v", got)
	}
}

func TestString(t *testing.T) {
	for want, x := range map[string]Tensor{"f32[2 3]": host(2, 3), "none": {}, "bf16[1]": Make(nil, 0, BF16, 1)} {
		if x.String() != want {
			t.Errorf("got %q, want %q", x, want)
		}
	}
}
