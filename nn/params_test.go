package nn

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// memory is a Source in host memory that counts what it is told to give back.
type memory struct {
	tensors map[string]tensor.Tensor
	evicted []tensor.Tensor
}

func (m *memory) Get(name string) (tensor.Tensor, bool) { t, ok := m.tensors[name]; return t, ok }
func (m *memory) Evict(t tensor.Tensor)                 { m.evicted = append(m.evicted, t) }

func (m *memory) Names() []string {
	var names []string
	for n := range m.tensors {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// counting returns F32 elements 0, 1, 2, …
func counting(dims ...int) tensor.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i)
	}
	return tensor.FromFloat32s(v, dims...)
}

// half returns t as BF16 or F16.
func half(dt tensor.DType, t tensor.Tensor) tensor.Tensor {
	h := tensor.Make(tensor.HostMemory(make([]byte, 2*t.Len())), 0, dt, t.Shape()...)
	for i, v := range tensor.Float32s(t) {
		if dt == tensor.F16 {
			tensor.Uint16s(h)[i] = tensor.ToF16(v)
		} else {
			tensor.Uint16s(h)[i] = tensor.ToBF16(v)
		}
	}
	return h
}

func newParams(t *testing.T, tensors map[string]tensor.Tensor) (Params, *memory) {
	t.Helper()
	b, err := cpu.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	src := &memory{tensors: tensors}
	return NewParams(context.Background(), src, b), src
}

func TestKeyError(t *testing.T) {
	p, _ := newParams(t, map[string]tensor.Tensor{
		"a.weight":     counting(4, 3),
		"a.bias":       counting(5),
		"b.weight":     tensor.FromInt32s(make([]int32, 4), 2, 2),
		"lora.weight":  counting(1),
		"unused.scale": counting(2),
		"dead.x":       counting(7),
	})
	p.Linear("a", 3, 4)
	p.LinearNoBias("b", 2, 2)
	p.LinearNoBias("c", 2, 2)
	p.Unused("unused.scale", 2)
	p.Unused("unused.bias", 2) // may be missing
	p.Ignore("dead.")
	var e *KeyError
	if err := p.Err(); !errors.As(err, &e) {
		t.Fatalf("got %v, want a KeyError", err)
	}
	for _, c := range []struct {
		kind string
		got  []string
		want []string
	}{
		{"missing", e.Missing, []string{"c.weight [2 2]"}},
		{"mismatched", e.Mismatched, []string{"a.bias: model wants [4], file has [5]", "b.weight: model wants floating-point numbers, file has i32"}},
		{"unexpected", e.Unexpected, []string{"lora.weight"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: got %q, want %q", c.kind, c.got, c.want)
		}
	}
	if text := e.Error(); !strings.Contains(text, "1 missing, 2 mismatched, 1 unexpected") || !strings.Contains(text, "lora.weight") {
		t.Error(text)
	}
}

// TestPlacement checks what is used as stored and what is copied.
func TestPlacement(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
		convert := func(t tensor.Tensor) tensor.Tensor {
			if dt == tensor.F32 {
				return t
			}
			return half(dt, t)
		}
		p, src := newParams(t, map[string]tensor.Tensor{
			"fc.weight": convert(counting(4, 3)), "fc.bias": convert(counting(4)),
			"conv.weight": convert(counting(2, 3, 3, 3)), "conv.bias": convert(counting(2)),
		})
		fc, conv := p.Linear("fc", 3, 4), p.Conv2D("conv", 3, 2, 3, 1)
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		if fc.W.Matrix.Mem != src.tensors["fc.weight"].Mem {
			t.Errorf("%v: the matrix is a copy", dt)
		}
		if fc.B.DType() != tensor.F32 || !slices.Equal(tensor.Float32s(fc.B), []float32{0, 1, 2, 3}) {
			t.Errorf("%v: bias %v", dt, fc.B)
		}
		if len(src.evicted) != 1 || p.Private() == 0 {
			t.Errorf("%v: %d tensors given back, %d bytes private", dt, len(src.evicted), p.Private())
		}
		checkChannelsLast(t, conv.W.Matrix)
	}
}

// checkChannelsLast checks that w [2, 3, 3, 3] holds the elements that counting gave [O, I, kh, kw].
func checkChannelsLast(t *testing.T, w tensor.Tensor) {
	t.Helper()
	at := func(i int) float32 {
		switch w.DType() {
		case tensor.F32:
			return tensor.Float32s(w)[i]
		case tensor.F16:
			return tensor.FromF16(tensor.Uint16s(w)[i])
		}
		return tensor.FromBF16(tensor.Uint16s(w)[i])
	}
	for o := range 2 {
		for tap := range 9 {
			for c := range 3 {
				if got, want := at((o*9+tap)*3+c), float32((o*3+c)*9+tap); got != want {
					t.Fatalf("%v: output %d, tap %d, channel %d: got %v, want %v", w, o, tap, c, got, want)
				}
			}
		}
	}
}

// TestPointwise checks that 1×1 convolutions serve as matrices.
func TestPointwise(t *testing.T) {
	p, _ := newParams(t, map[string]tensor.Tensor{"fc.weight": counting(4, 3, 1, 1)})
	if fc := p.LinearNoBias("fc", 3, 4); p.Err() != nil || !slices.Equal(fc.W.Matrix.Shape(), []int{4, 3}) {
		t.Errorf("%v, %v", fc.W, p.Err())
	}
}

// TestBuild checks that a network that would never be complete is given up, and that other panics go on.
func TestBuild(t *testing.T) {
	p, _ := newParams(t, map[string]tensor.Tensor{"fc.weight": counting(4, 3)})
	if err := p.Build(func(p Params) { p.LinearNoBias("fc", 3, 4) }); err != nil {
		t.Error(err)
	}
	calls := 0
	endless := func(p Params) {
		for i := range math.MaxInt {
			p.NeverRun().At("%d", i).Vector("bias", 1)
			calls++
		}
	}
	if err := p.Build(endless); err == nil || !strings.Contains(err.Error(), "1 tensors") || calls > 2*surplus {
		t.Errorf("%d tensors: %v", calls, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p = NewParams(ctx, &memory{}, nil)
	err := p.Build(func(p Params) {
		cancel()
		endless(p)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	defer func() {
		if r := recover(); r != "other" {
			t.Errorf("panic %v", r)
		}
	}()
	p.Build(func(Params) { panic("other") })
}

func TestCancelled(t *testing.T) {
	b, err := cpu.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := NewParams(ctx, &memory{tensors: map[string]tensor.Tensor{
		"conv.weight": half(tensor.BF16, counting(2, 3, 3, 3)), "conv.bias": counting(2),
	}}, b)
	p.Conv2D("conv", 3, 2, 3, 1)
	if err := p.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestKeys(t *testing.T) {
	src, err := Keys(strings.NewReader("a.weight [2, 3]\nb []\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := src.Get("a.weight")
	b, ok := src.Get("b")
	if !slices.Equal(a.Shape(), []int{2, 3}) || !ok || b.Rank() != 0 || !slices.Equal(src.Names(), []string{"a.weight", "b"}) {
		t.Errorf("%v %v %v", a, b, src.Names())
	}
	for _, bad := range []string{"\n", "a [x]\n", "a [-1]\n", "a [1, 2, 3, 4, 5]\n"} {
		if _, err := Keys(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

// TestKeyErrorPrintable checks that names of a file reach no terminal as they are.
func TestKeyErrorPrintable(t *testing.T) {
	e := &KeyError{Unexpected: []string{"plain.weight", "a\x1b[31mb", strings.Repeat("long", 1000)}}
	if s := e.Error(); !strings.Contains(s, "; unexpected plain.weight;") || strings.Contains(s, "\x1b") || len(s) > 500 {
		t.Errorf("%d bytes: %.300q", len(s), s)
	}
}
