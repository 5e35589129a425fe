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
	cost, err := backend.MeasureContext(ctx, backendtest.Reference(), tensor.F32, func(s *backend.Stream) {
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
