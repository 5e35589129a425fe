package backendtest

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestReference passes every call through a Stream, which checks operands: the tests ask for nothing that is not allowed.
func TestReference(t *testing.T) {
	if testing.Short() {
		t.Skip("runs on one goroutine")
	}
	run(t, func(int) backend.Backend {
		s, err := backend.NewStream(Reference(), tensor.F32, 0)
		if err != nil {
			t.Fatal(err)
		}
		return streamed{&reference{load, store}, s}
	}, smallTests())
}

// streamed is a reference whose kernels are called by a Stream.
type streamed struct {
	*reference
	s *backend.Stream
}

func (b streamed) Gemm(dst, x, w Tensor, a backend.GemmArgs)   { b.s.Gemm(dst, x, w, a) }
func (b streamed) Conv2D(dst, x, w Tensor, a backend.ConvArgs) { b.s.Conv2D(dst, x, w, a) }
func (b streamed) Attention(dst, q, k, v Tensor, a backend.AttentionArgs) {
	b.s.Attention(dst, q, k, v, a)
}
func (b streamed) DeformAttention(dst, v, o, l Tensor, a backend.DeformArgs) {
	b.s.DeformAttention(dst, v, o, l, a)
}
func (b streamed) LayerNorm(dst, x Tensor, a backend.NormArgs) { b.s.LayerNorm(dst, x, a) }
func (b streamed) RMSNorm(dst, x Tensor, a backend.NormArgs)   { b.s.RMSNorm(dst, x, a) }
func (b streamed) GroupNorm(dst, x Tensor, a backend.NormArgs) { b.s.GroupNorm(dst, x, a) }
func (b streamed) Rope(x, cos, sin Tensor)                     { b.s.Rope(x, cos, sin) }
func (b streamed) Act(dst, x Tensor, f backend.Act)            { b.s.Act(dst, x, f) }
func (b streamed) Glu(dst, x, y Tensor, f backend.Act)         { b.s.Glu(dst, x, y, f) }
func (b streamed) Add(dst, x, y Tensor)                        { b.s.Add(dst, x, y) }
func (b streamed) Lincomb(dst Tensor, p float32, x Tensor, q float32, y Tensor) {
	b.s.Lincomb(dst, p, x, q, y)
}
func (b streamed) Gather(dst, table, ids Tensor) { b.s.Gather(dst, table, ids) }
func (b streamed) Copy(dst, src Tensor)          { b.s.Copy(dst, src) }
