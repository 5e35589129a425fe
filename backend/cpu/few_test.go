package cpu

import (
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Batch items are what they would be alone, wherever their rows lie, for any number of workers.
func TestFewAlone(t *testing.T) {
	r := random("few")
	all, bias := normal(r, 2, 9, 3100), normal(r, 2, 333)
	w := weights(r, tensor.BF16, 333, 3100)
	for _, rows := range []int{1, 2, 3, 4} {
		x := all.Slice(1, 0, rows)
		together := func(b *Backend) []float32 {
			dst := blank(2, rows, 333)
			b.Gemm(dst, x, w, backend.GemmArgs{Bias: bias, Act: backend.SiLU})
			return tensor.Float32s(dst)
		}
		alone := func(b *Backend) (both []float32) {
			for i := range 2 {
				dst := blank(1, rows, 333)
				b.Gemm(dst, x.Slice(0, i, i+1), w, backend.GemmArgs{Bias: bias.Slice(0, i, i+1), Act: backend.SiLU})
				both = append(both, tensor.Float32s(dst)...)
			}
			return both
		}
		onEach(t, func(b *Backend) []float32 { return slices.Concat(together(b), alone(b)) }, func(t *testing.T, got []float32) {
			half := len(got) / 2
			if i := firstDifference(got[:half], got[half:]); i >= 0 {
				t.Errorf("2×%d rows: element %d is %g together, %g alone", rows, i, got[i], got[half+i])
			}
		})
	}
}
