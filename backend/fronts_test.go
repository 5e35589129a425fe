package backend_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// operands makes an operand of an element type and a shape.
type operands func(dt tensor.DType, dims ...int) Tensor

// A front is a valid call of one operation of a Stream with operands that of makes, and a dst that the Stream makes.
type front struct {
	name string
	call func(s *backend.Stream, of operands) Tensor
	want []int // the shape of the result
}

var (
	none   Tensor
	fronts = []front{
		{"Gemm", func(s *backend.Stream, of operands) Tensor {
			return s.Gemm(none, of(tensor.F32, 2, 3, 8), backend.Weight{Matrix: of(tensor.F16, 5, 8)}, backend.GemmArgs{Bias: of(tensor.F32, 2, 5)})
		}, []int{2, 3, 5}},
		{"Gemm", func(s *backend.Stream, of operands) Tensor {
			return s.Gemm(none, of(tensor.F32, 2, 3, 8), backend.Weight{Matrix: of(tensor.I8, 5, 8), Scale: of(tensor.F32, 5)},
				backend.GemmArgs{Bias: of(tensor.F32, 5)})
		}, []int{2, 3, 5}},
		{"Conv2D", func(s *backend.Stream, of operands) Tensor {
			return s.Conv2D(none, of(tensor.F32, 2, 4, 5, 6), backend.Weight{Matrix: of(tensor.BF16, 7, 3, 3, 6)}, backend.ConvArgs{
				Stride: 2, Pad: [4]int{0, 1, 1, 1}, Upsample: [2]int{7, 10}, Bias: of(tensor.F32, 7),
				Norm: backend.NormArgs{Groups: 3, Gamma: of(tensor.F32, 6), Beta: of(tensor.F32, 2, 6)}})
		}, []int{2, 3, 5, 7}},
		{"Attention", func(s *backend.Stream, of operands) Tensor {
			return s.Attention(none, of(tensor.F32, 2, 3, 4, 5), of(tensor.F32, 2, 6, 4, 5), of(tensor.F32, 2, 6, 4, 7),
				backend.AttentionArgs{Bias: of(tensor.F32, 4, 3, 6)})
		}, []int{2, 3, 28}},
		{"DeformAttention", func(s *backend.Stream, of operands) Tensor {
			return s.DeformAttention(none, of(tensor.F32, 1, 6, 4, 5), of(tensor.F32, 1, 6, 24), of(tensor.F32, 1, 6, 12),
				backend.DeformArgs{Rows: 2, Cols: 3, Points: 3})
		}, []int{1, 6, 20}},
		{"LayerNorm", func(s *backend.Stream, of operands) Tensor {
			return s.LayerNorm(none, of(tensor.F32, 2, 3, 8), backend.NormArgs{Gamma: of(tensor.F32, 8), Beta: of(tensor.F32, 8)})
		}, []int{2, 3, 8}},
		{"RMSNorm", func(s *backend.Stream, of operands) Tensor {
			return s.RMSNorm(none, of(tensor.F32, 2, 3, 4, 8), backend.NormArgs{Gamma: of(tensor.F32, 8)})
		}, []int{2, 3, 4, 8}},
		{"GroupNorm", func(s *backend.Stream, of operands) Tensor {
			return s.GroupNorm(none, of(tensor.F32, 2, 3, 8), backend.NormArgs{
				Groups: 4, Gamma: of(tensor.F32, 8), Beta: of(tensor.F32, 8)})
		}, []int{2, 3, 8}},
		{"Rope", func(s *backend.Stream, of operands) Tensor {
			x := of(tensor.F32, 2, 3, 4, 6)
			s.Rope(x, of(tensor.F32, 3, 3), of(tensor.F32, 3, 3))
			return x
		}, []int{2, 3, 4, 6}},
		{"Act", func(s *backend.Stream, of operands) Tensor {
			return s.Act(none, of(tensor.F32, 2, 3), backend.SiLU)
		}, []int{2, 3}},
		{"Glu", func(s *backend.Stream, of operands) Tensor {
			return s.Glu(none, of(tensor.F32, 2, 3), of(tensor.F32, 2, 3), backend.GELU)
		}, []int{2, 3}},
		{"Add", func(s *backend.Stream, of operands) Tensor {
			return s.Add(none, of(tensor.F32, 2, 3, 4), of(tensor.F32, 1, 3, 4))
		}, []int{2, 3, 4}},
		{"Lincomb", func(s *backend.Stream, of operands) Tensor {
			return s.Lincomb(none, 2, of(tensor.F32, 2, 3), 3, of(tensor.F32, 2, 3))
		}, []int{2, 3}},
		{"Gather", func(s *backend.Stream, of operands) Tensor {
			return s.Gather(none, of(tensor.BF16, 9, 4), of(tensor.I32, 2, 3))
		}, []int{2, 3, 4}},
		{"Copy", func(s *backend.Stream, of operands) Tensor {
			return s.Copy(none, of(tensor.F16, 2, 3))
		}, []int{2, 3}},
	}
)

// TestResults checks the tensors that operations allocate, and that each is counted once.
func TestResults(t *testing.T) {
	for _, f := range fronts {
		cost := backend.Measure(backendtest.Reference(), backend.Types{Act: tensor.F32}, func(s *backend.Stream) {
			if y := f.call(s, s.NewOf); !slices.Equal(y.Shape(), f.want) || y.DType() != tensor.F32 {
				t.Errorf("%s gives %v, want f32%v", f.name, y, f.want)
			}
		})
		if cost.Calls[f.name] != 1 || len(cost.Calls) != 1 {
			t.Errorf("%s counts as %v", f.name, cost.Calls)
		}
	}
}

// TestSkipped checks that operations do nothing once the context has ended, but still give tensors of the right shape.
func TestSkipped(t *testing.T) {
	s, err := backend.NewStream(inert{}, backend.Types{Act: tensor.F32}, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = s.Do(ctx, func() {
		cancel()
		for !s.Stopped() {
		}
		for _, f := range fronts {
			if y := f.call(s, s.NewOf); !slices.Equal(y.Shape(), f.want) {
				t.Errorf("%s gives %v, want %v", f.name, y, f.want)
			}
		}
		s.Put([]float32{1}, 1)
		s.PutIDs([]int32{1}, 1)
		if v := s.Floats(s.New(3)); len(v) != 3 {
			t.Errorf("Floats gives %v", v)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// inert is a device of which nothing may be called but what Do and NewStream need.
type inert struct {
	backend.Backend // nil: other calls panic
}

func (inert) Alloc(n int) (*tensor.Memory, error) { return tensor.HostMemory(make([]byte, n)), nil }
func (inert) FusesNorm() bool                     { return true }
func (inert) FusesGlu() bool                      { return true }
func (inert) Supports(backend.Types) error        { return nil }
func (inert) Reaches(Tensor) bool                 { return true }
func (inert) StopOn(*atomic.Bool)                 {}
func (inert) Sync() error                         { return nil }

// failing is a device that reports errors.
type failing struct {
	backend.Backend
	alloc, sync error
}

func (f failing) Alloc(n int) (*tensor.Memory, error) {
	if f.alloc != nil {
		return nil, f.alloc
	}
	return f.Backend.Alloc(n)
}

func (f failing) Sync() error { return f.sync }

func TestDeviceErrors(t *testing.T) {
	lost := errors.New("device lost")
	if _, err := backend.NewStream(failing{Backend: backendtest.Reference(), alloc: lost}, backend.Types{Act: tensor.F32}, 1); err != lost {
		t.Errorf("NewStream returns %v", err)
	}
	s, err := backend.NewStream(failing{Backend: backendtest.Reference(), sync: lost}, backend.Types{Act: tensor.F32}, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Do(context.Background(), func() { s.New(1) }); err != lost || s.Mark() != 0 {
		t.Errorf("Do returns %v and leaves the arena at %d", err, s.Mark())
	}
}

// TestMarks nests what functions of a model do: allocate the result, mark, and release.
func TestMarks(t *testing.T) {
	s := newStream(t, 1<<16)
	var inner func(depth int) Tensor
	inner = func(depth int) Tensor {
		y := s.New(64)
		defer s.Release(s.Mark())
		s.New(64)
		if depth > 1 {
			s.Copy(y, inner(depth-1))
		}
		return y
	}
	y := inner(3)
	if s.Mark() != 256 || s.Peak() != 6*256 {
		t.Errorf("arena at %d, at most %d, want 256 and 1536", s.Mark(), s.Peak())
	}
	s.Act(y, y, backend.SiLU) // alive
	cost := backend.Measure(backendtest.Reference(), backend.Types{Act: tensor.BF16}, func(m *backend.Stream) {
		s = m
		inner(3)
	})
	if cost.Peak != 6*256 {
		t.Errorf("Measure finds %d bytes, want 1536", cost.Peak)
	}
}
