package backend_test

import (
	"context"
	"errors"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestMeasureContext ends the context while a sequence without an end is measured.
func TestMeasureContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	released := false
	cost, err := backend.MeasureContext(ctx, backendtest.Reference(), backend.Types{Act: tensor.F32}, func(s *backend.Stream) {
		defer func() { released = true }()
		for n := 0; ; n++ {
			s.New(4)
			s.Put(make([]float32, 4), 4)
			if n == 10 {
				cancel()
			}
		}
	})
	if !errors.Is(err, context.Canceled) || cost.Calls["Upload"] < 10 || !released {
		t.Errorf("%v after %d calls", err, cost.Calls["Upload"])
	}
}

func TestMeasure(t *testing.T) {
	cost := backend.Measure(backendtest.Reference(), backend.Types{Act: tensor.F32}, func(s *backend.Stream) {
		y := s.New(2, 10, 16)
		defer s.Release(s.Mark())
		x := s.New(2, 10, 8)
		s.Gemm(y, x, backend.Weight{Matrix: s.New(16, 8)}, backend.GemmArgs{})
		s.Conv2D(Tensor{}, s.New(1, 4, 4, 8), backend.Weight{Matrix: s.New(3, 3, 3, 8)}, backend.ConvArgs{Stride: 1, Pad: [4]int{1, 1, 1, 1}})
		q := x.Heads(2)
		s.Attention(Tensor{}, q, q, q, backend.AttentionArgs{})
	})
	gemm, conv, attention := 2*20*16*8, 2*16*3*72, 4*2*10*10*8
	if want := int64(gemm + conv + attention); cost.FLOPs != want {
		t.Errorf("%d FLOPs, want %d", cost.FLOPs, want)
	}
	if cost.Calls["Gemm"] != 1 || cost.Calls["Attention"] != 1 || len(cost.Calls) != 3 || cost.Operations() != 3 {
		t.Errorf("calls %v", cost.Calls)
	}
	if want := 4 * (320 + 160 + 128 + 128 + 216 + 48 + 4*160); cost.Bytes != int64(want) {
		t.Errorf("%d bytes, want %d", cost.Bytes, want)
	}
	// Each tensor in units of 256 bytes: y, x, weights, image, weights, and the two results.
	if want := 1280 + 768 + 512 + 512 + 1024 + 256 + 768; cost.Peak != want {
		t.Errorf("peak %d", cost.Peak)
	}
}

// TestMeasureRounded counts weights that a product rounds as it uses them.
func TestMeasureRounded(t *testing.T) {
	cost := backend.Measure(backendtest.Reference(), backend.Types{Act: tensor.BF16}, func(s *backend.Stream) {
		s.Gemm(Tensor{}, s.New(10, 8), backend.Weight{Matrix: s.NewOf(tensor.F32, 16, 8)}, backend.GemmArgs{Bias: s.NewOf(tensor.F32, 16)})
	})
	if want := 2*(10*8+16*8+10*16) + 4*16; cost.Bytes != int64(want) {
		t.Errorf("%d bytes, want %d", cost.Bytes, want)
	}
}
