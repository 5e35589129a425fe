package cpu

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func TestAttentionStops(t *testing.T) {
	for _, k := range simd.Variants() {
		b := opened(t, 2, k)
		x, dst := normal(random("stop"), 1, 4000, 1, 512), blank(1, 4000, 512)
		var stop atomic.Bool
		b.StopOn(&stop)
		var stopped time.Time
		time.AfterFunc(10*time.Millisecond, func() { stopped = time.Now(); stop.Store(true) })
		b.Attention(dst, x, x, x, backend.AttentionArgs{Scale: 0.1})
		d := time.Since(stopped)
		t.Logf("%s: returned after %v", k.Name, d)
		if d > 100*time.Millisecond { // on a busy machine
			t.Errorf("%s: returned only after %v", k.Name, d)
		}
	}
}

// A product that is stopped ends soon, whatever it still had to do.
func TestGemmStop(t *testing.T) {
	r := random("stop")
	x, dst := normal(r, 512, 8192), blank(512, 2048)
	w := backend.Weight{Matrix: made(tensor.BF16, 2048, 8192)}
	for _, k := range simd.Variants() {
		t.Run(k.Name, func(t *testing.T) {
			b := opened(t, 2, k)
			var stop atomic.Bool
			b.StopOn(&stop)
			var stopped time.Time
			time.AfterFunc(20*time.Millisecond, func() { stopped = time.Now(); stop.Store(true) })
			b.Gemm(dst, x, w, backend.GemmArgs{})
			if !stop.Load() {
				t.Skip("it ended before it was stopped")
			}
			if took := time.Since(stopped); took > time.Second {
				t.Errorf("%v passed until it ended", took)
			}
		})
	}
}
