package backend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

type Tensor = tensor.Tensor

func newStream(t *testing.T, arena int) *backend.Stream {
	t.Helper()
	s, err := backend.NewStream(backendtest.Reference(), backend.Types{Act: tensor.F32}, arena)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// panicOf returns what f panics with.
func panicOf(f func()) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}

// TestShapes gives every operation operands that do not fit.
func TestShapes(t *testing.T) {
	var none Tensor
	backend.Measure(backendtest.Reference(), backend.Types{Act: tensor.F32}, func(s *backend.Stream) {
		x, image, heads, vector := s.New(2, 3, 8), s.New(2, 4, 4, 8), s.New(2, 3, 2, 4), s.New(8)
		half := tensor.Make(x.Mem, 0, tensor.BF16, 8)
		codes := s.NewOf(tensor.I8, 8, 8)
		conv := backend.ConvArgs{Stride: 1}
		for name, f := range map[string]func(){
			"Gemm: inner":             func() { s.Gemm(none, x, backend.Weight{Matrix: s.New(5, 7)}, backend.GemmArgs{}) },
			"Gemm: dst":               func() { s.Gemm(s.New(2, 3, 4), x, backend.Weight{Matrix: s.New(5, 8)}, backend.GemmArgs{}) },
			"Gemm: bias":              func() { s.Gemm(none, x, backend.Weight{Matrix: s.New(5, 8)}, backend.GemmArgs{Bias: vector}) },
			"Gemm: gate without add":  func() { s.Gemm(none, x, backend.Weight{Matrix: s.New(8, 8)}, backend.GemmArgs{Gate: vector}) },
			"Gemm: half bias":         func() { s.Gemm(none, x, backend.Weight{Matrix: s.New(8, 8)}, backend.GemmArgs{Bias: half}) },
			"Gemm: integers":          func() { s.Gemm(none, x, backend.Weight{Matrix: s.NewOf(tensor.I32, 8, 8)}, backend.GemmArgs{}) },
			"Gemm: no scale":          func() { s.Gemm(none, x, backend.Weight{Matrix: codes}, backend.GemmArgs{}) },
			"Gemm: long scale":        func() { s.Gemm(none, x, backend.Weight{Matrix: codes, Scale: s.New(9)}, backend.GemmArgs{}) },
			"Gemm: half scale":        func() { s.Gemm(none, x, backend.Weight{Matrix: codes, Scale: half}, backend.GemmArgs{}) },
			"Gemm: scale of an item":  func() { s.Gemm(none, x, backend.Weight{Matrix: codes, Scale: s.New(2, 8)}, backend.GemmArgs{}) },
			"Gemm: scale of floats":   func() { s.Gemm(none, x, backend.Weight{Matrix: s.New(8, 8), Scale: vector}, backend.GemmArgs{}) },
			"Conv2D: int8":            func() { s.Conv2D(none, image, backend.Weight{Matrix: s.NewOf(tensor.I8, 5, 3, 3, 8)}, conv) },
			"Conv2D: channels":        func() { s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 3, 3, 7)}, conv) },
			"Conv2D: stride":          func() { s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 3, 3, 8)}, backend.ConvArgs{Stride: 3}) },
			"Conv2D: strided weights": func() { s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 3, 3, 9).Slice(3, 0, 8)}, conv) },
			"Conv2D: upsample": func() {
				s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 3, 3, 8)}, backend.ConvArgs{Stride: 1, Upsample: [2]int{9, 8}})
			},
			"Conv2D: groups": func() {
				s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 1, 1, 8)}, backend.ConvArgs{Stride: 1, Norm: backend.NormArgs{Groups: 3}})
			},
			"Conv2D: add to nothing": func() {
				s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 3, 3, 8)}, backend.ConvArgs{Stride: 1, Add: true})
			},
			"Conv2D: small image": func() {
				s.Conv2D(none, s.New(1, 2, 2, 8), backend.Weight{Matrix: s.New(5, 3, 3, 8)}, backend.ConvArgs{Stride: 2})
			},
			"Conv2D: no channels":  func() { s.Conv2D(none, s.New(1, 4, 4, 0), backend.Weight{Matrix: s.New(5, 3, 3, 0)}, conv) },
			"Conv2D: no kernel":    func() { s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 0, 3, 8)}, conv) },
			"Conv2D: large kernel": func() { s.Conv2D(none, s.New(1, 99, 99, 8), backend.Weight{Matrix: s.New(5, 17, 3, 8)}, conv) },
			"Conv2D: wide pad": func() {
				s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 3, 3, 8)}, backend.ConvArgs{Stride: 1, Pad: [4]int{0, 4, 0, 0}})
			},
			"Conv2D: negative pad": func() {
				s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 3, 3, 8)}, backend.ConvArgs{Stride: 1, Pad: [4]int{0, 0, -1, 0}})
			},
			"Conv2D: norm of nothing": func() {
				s.Conv2D(none, image, backend.Weight{Matrix: s.New(5, 3, 3, 8)}, backend.ConvArgs{Stride: 1, Norm: backend.NormArgs{Act: backend.SiLU}})
			},
			"Conv2D: dst": func() { s.Conv2D(s.New(2, 4, 4, 5), image, backend.Weight{Matrix: s.New(5, 3, 3, 8)}, conv) },
			"Gemm: terms": func() {
				s.Gemm(none, s.New(1, 1, backend.MaxTerms+1), backend.Weight{Matrix: s.New(1, backend.MaxTerms+1)}, backend.GemmArgs{})
			},
			"Conv2D: terms": func() {
				const channels = backend.MaxTerms/9 + 1
				s.Conv2D(none, s.New(1, 3, 3, channels), backend.Weight{Matrix: s.New(1, 3, 3, channels)}, conv)
			},
			"Gemm: add to nothing": func() { s.Gemm(none, x, backend.Weight{Matrix: s.New(5, 8)}, backend.GemmArgs{Add: true}) },
			"Gemm: activation":     func() { s.Gemm(none, x, backend.Weight{Matrix: s.New(5, 8)}, backend.GemmArgs{Act: 7}) },
			"Attention: no keys":   func() { s.Attention(none, heads, s.New(2, 0, 2, 4), s.New(2, 0, 2, 4), backend.AttentionArgs{}) },
			"Attention: wide heads": func() {
				wide := s.New(1, 1, 1, backend.MaxHead+1)
				s.Attention(none, wide, wide, wide, backend.AttentionArgs{})
			},
			"Attention: keys":          func() { s.Attention(none, heads, s.New(2, 5, 3, 4), heads, backend.AttentionArgs{}) },
			"Attention: values":        func() { s.Attention(none, heads, heads, s.New(2, 4, 2, 4), backend.AttentionArgs{}) },
			"Attention: dst":           func() { s.Attention(s.New(2, 3, 9), heads, heads, heads, backend.AttentionArgs{}) },
			"Attention: bias":          func() { s.Attention(none, heads, heads, heads, backend.AttentionArgs{Bias: s.New(2, 3, 4)}) },
			"DeformAttention: map":     func() { s.DeformAttention(none, heads, x, x, backend.DeformArgs{Rows: 2, Cols: 2, Points: 1}) },
			"DeformAttention: offsets": func() { s.DeformAttention(none, heads, x, x, backend.DeformArgs{Rows: 1, Cols: 3, Points: 1}) },
			"DeformAttention: points":  func() { s.DeformAttention(none, heads, x, x, backend.DeformArgs{Rows: 1, Cols: 3, Points: 1 << 62}) },
			"LayerNorm: activation":    func() { s.LayerNorm(none, x, backend.NormArgs{Act: backend.SiLU}) },
			"RMSNorm: beta":            func() { s.RMSNorm(none, x, backend.NormArgs{Beta: vector}) },
			"GroupNorm: plus one":      func() { s.GroupNorm(none, x, backend.NormArgs{Groups: 2, PlusOne: true}) },
			"GroupNorm: no channels":   func() { s.GroupNorm(none, s.New(2, 3, 0), backend.NormArgs{}) },
			"Act: function":            func() { s.Act(none, x, 7) },
			"Gemm: in place":           func() { s.Gemm(x, x, backend.Weight{Matrix: s.New(8, 8)}, backend.GemmArgs{}) },
			"Add: columns":             func() { s.Add(x.Slice(2, 0, 4), x.Slice(2, 4, 8), x.Slice(2, 3, 7)) },
			"Rope: angles":             func() { s.Rope(heads, s.New(3, 4), s.New(3, 4)) },
			"LayerNorm: gamma":         func() { s.LayerNorm(none, x, backend.NormArgs{Gamma: s.New(7)}) },
			"LayerNorm: dst":           func() { s.LayerNorm(s.New(2, 8), x, backend.NormArgs{}) },
			"RMSNorm: gamma":           func() { s.RMSNorm(none, x, backend.NormArgs{Gamma: s.New(3, 8)}) },
			"GroupNorm: groups":        func() { s.GroupNorm(none, x, backend.NormArgs{Groups: 3}) },
			"Act: dst":                 func() { s.Act(s.New(3, 2, 8), x, backend.SiLU) },
			"Glu: b":                   func() { s.Glu(none, x, s.New(2, 3, 4), backend.GELU) },
			"Add: b":                   func() { s.Add(none, x, s.New(2, 1, 8)) },
			"Add: too many dimensions": func() { s.Add(none, vector, s.New(1, 8)) },
			"Lincomb: b":               func() { s.Lincomb(none, 1, x, 1, vector) },
			"Gather: ids":              func() { s.Gather(none, s.New(5, 8), s.New(3)) },
			"Gather: dst":              func() { s.Gather(s.New(3, 7), s.New(5, 8), s.NewOf(tensor.I32, 3)) },
			"Copy: shape":              func() { s.Copy(s.New(6, 8), x) },
			"Gather: int8":             func() { s.Gather(none, codes, s.NewOf(tensor.I32, 3)) },
			"Copy: from int8":          func() { s.Copy(s.New(8, 8), codes) },
			"Copy: to int8":            func() { s.Copy(codes, s.New(8, 8)) },
			"Copy: integers":           func() { s.Copy(s.NewOf(tensor.I32, 2, 3, 8), x) },
		} {
			op, _, _ := strings.Cut(name, ":")
			if message := panicOf(f); !strings.HasPrefix(message, "backend: "+op) || !strings.Contains(message, "[") {
				t.Errorf("%s: panic %q", name, message)
			}
		}
	})
}

// TestEmpty gives operations nothing to do: they do nothing, but give tensors of the right shape.
func TestEmpty(t *testing.T) {
	s := newStream(t, 1<<12)
	x, heads := s.New(2, 0, 8), s.New(2, 0, 2, 4)
	for name, y := range map[string]Tensor{
		"Gemm":      s.Gemm(Tensor{}, x, backend.Weight{Matrix: s.New(5, 8)}, backend.GemmArgs{}),
		"Conv2D":    s.Conv2D(Tensor{}, s.New(0, 3, 3, 8), backend.Weight{Matrix: s.New(5, 3, 3, 8)}, backend.ConvArgs{Stride: 1}),
		"Attention": s.Attention(Tensor{}, heads, s.New(2, 3, 2, 4), s.New(2, 3, 2, 4), backend.AttentionArgs{}),
		"LayerNorm": s.LayerNorm(Tensor{}, x, backend.NormArgs{}),
		"GroupNorm": s.GroupNorm(Tensor{}, x, backend.NormArgs{Groups: 2}),
		"Add":       s.Add(Tensor{}, x, s.New()),
		"Act":       s.Act(Tensor{}, x.Slice(2, 3, 3), backend.SiLU),
		"Gather":    s.Gather(Tensor{}, s.New(7, 0), s.PutIDs([]int32{1}, 1)),
		"Copy":      s.Copy(Tensor{}, x),
	} {
		if y.Len() != 0 || y.DType() != tensor.F32 {
			t.Errorf("%s gives %v", name, y)
		}
	}
	if v := s.Floats(x); len(v) != 0 {
		t.Errorf("Floats gives %v", v)
	}
}

// TestOverlap tries views that interleave without sharing elements, and in place what may be.
func TestOverlap(t *testing.T) {
	s := newStream(t, 1<<14)
	x := s.Put(make([]float32, 2*6*16), 2, 6, 16)
	left, right := x.Slice(2, 0, 8), x.Slice(2, 8, 16)
	s.Add(left, left, right)
	s.Glu(right, left, right, backend.GELU)
	s.Copy(x.Slice(1, 0, 3), x.Slice(1, 3, 6))
	s.Act(left.Heads(2), left.Heads(2), backend.SiLU)
	s.Copy(x.Slice(0, 0, 1).Slice(1, 2, 3), s.New(1, 1, 16))
	if message := panicOf(func() { s.Copy(x.Slice(2, 1, 9), left) }); !strings.Contains(message, "overlaps") {
		t.Errorf("panic %q", message)
	}
}

// TestReleased checks that an operand above the top of the arena is refused.
func TestReleased(t *testing.T) {
	s := newStream(t, 1<<16)
	x := s.New(2, 3)
	mark := s.Mark()
	h := s.New(2, 3)
	s.Add(x, x, h)
	s.Release(mark)
	if message := panicOf(func() { s.Add(x, x, h) }); !strings.Contains(message, "released") {
		t.Errorf("panic %q", message)
	}
	if message := panicOf(func() { s.New(1 << 20) }); !strings.Contains(message, "too small") {
		t.Errorf("panic %q", message)
	}
	if s.Peak() != 512 {
		t.Errorf("peak %d, want two tensors of 256 bytes", s.Peak())
	}
}

func TestPoison(t *testing.T) {
	s := newStream(t, 1<<12)
	s.Poison = true
	mark := s.Mark()
	stale := s.Put([]float32{1, 2, 3}, 3)
	s.Release(mark)
	for _, v := range tensor.Float32s(stale) {
		if v == v {
			t.Errorf("released memory holds %v", v)
		}
	}
}

func TestDo(t *testing.T) {
	s := newStream(t, 1<<12)
	x := s.Put([]float32{1, 2}, 2)
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Do(ctx, func() {
		s.Add(x, x, x)
		cancel()
		for !s.Stopped() { // the context tells the stream in its own time
		}
		s.Add(x, x, x)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := s.Do(ctx, func() { t.Error("f runs though the context has ended") }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// The stream works again.
	var got []float32
	err = s.Do(context.Background(), func() {
		s.New(100)
		got = s.Floats(x)
	})
	if err != nil || !slices.Equal(got, []float32{2, 4}) {
		t.Errorf("got %v, %v", got, err)
	}
	if s.Mark() != 256 {
		t.Errorf("Do leaves the arena at %d", s.Mark())
	}
	if message := panicOf(func() { s.Do(context.Background(), func() { panic("a mistake") }) }); message != "a mistake" {
		t.Errorf("panic %q", message)
	}
}

// A fault is what the runtime panics with when memory cannot be read.
type fault struct{ addr uintptr }

func (f fault) Error() string { return "fault" }
func (f fault) Addr() uintptr { return f.addr }

// A faultDevice cannot read its second operand.
type faultDevice struct{ backend.Backend }

func (d faultDevice) Add(_, _, b Tensor) { panic(fault{b.Mem.Ptr + 8}) }

// TestFileError checks that a fault in a mapped operand becomes an error that names the file, and any other goes on.
func TestFileError(t *testing.T) {
	s, err := backend.NewStream(faultDevice{backendtest.Reference()}, backend.Types{Act: tensor.F32}, 1<<12)
	if err != nil {
		t.Fatal(err)
	}
	x, weights := s.New(8), tensor.FromFloat32s(make([]float32, 8), 8)
	if message := panicOf(func() { s.Do(context.Background(), func() { s.Add(x, x, weights) }) }); message != "fault" {
		t.Errorf("panic %q", message)
	}
	weights.Mem.File = "unet.safetensors"
	err = s.Do(context.Background(), func() { s.Add(x, x, weights) })
	var file *backend.FileError
	if !errors.As(err, &file) || file.File != "unet.safetensors" || !strings.Contains(err.Error(), "unet.safetensors") {
		t.Errorf("got %v", err)
	}
}

// TestDownload checks every element of what is downloaded in several pieces.
func TestDownload(t *testing.T) {
	const n = 1<<23 + 5
	s := newStream(t, 4*n+1<<12)
	for i, v := range s.Floats(s.Table(func(dst []float32) {
		for i := range dst {
			dst[i] = float32(i)
		}
	}, 1, n)) {
		if v != float32(i) {
			t.Fatalf("element %d is %v", i, v)
		}
	}
}

func TestTransfer(t *testing.T) {
	device := backendtest.Reference()
	s, err := backend.NewStream(device, backend.Types{Act: tensor.BF16}, 1<<12)
	if err != nil {
		t.Fatal(err)
	}
	x := s.Put([]float32{1, 1.001, -3, 4}, 2, 2)
	if x.DType() != tensor.BF16 {
		t.Errorf("activations are %v", x)
	}
	if got := s.Floats(x); !slices.Equal(got, []float32{1, 1, -3, 4}) {
		t.Errorf("got %v", got)
	}
	if got := s.Floats(x.Slice(1, 1, 2)); !slices.Equal(got, []float32{1, 4}) {
		t.Errorf("a column is %v", got)
	}
	if v := s.Table(func(dst []float32) { dst[0] = 5 }, 1); v.DType() != tensor.F32 || s.Floats(v)[0] != 5 {
		t.Errorf("vector %v", v)
	}
	if ids := s.PutIDs([]int32{7, 8}, 1, 2); !slices.Equal(tensor.Int32s(ids), []int32{7, 8}) {
		t.Errorf("ids %v", ids)
	}
	if message := panicOf(func() { s.Floats(s.NewOf(tensor.I32, 1)) }); message == "" {
		t.Error("integers are no floats")
	}
}

func Example() {
	s, err := backend.NewStream(backendtest.Reference(), backend.Types{Act: tensor.F32}, 1<<12)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	weights := tensor.FromFloat32s([]float32{1, 2, 3, 4}, 2, 2)
	layer := func(x Tensor) Tensor {
		y := s.New(x.Shape()...)
		defer s.Release(s.Mark())
		h := s.Gemm(Tensor{}, x, backend.Weight{Matrix: weights}, backend.GemmArgs{Act: backend.ReLU})
		return s.Add(y, h, x)
	}
	err = s.Do(context.Background(), func() {
		fmt.Println(s.Floats(layer(s.Put([]float32{1, -1}, 1, 2))))
	})
	fmt.Println(err, s.Mark())
	// Output:
	// [1 -1]
	// <nil> 0
}
