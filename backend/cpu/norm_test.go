package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// The mean of equal values is exact enough that a small eps does not blow up what it errs by.
func TestGroupNormOfConstant(t *testing.T) {
	x := blank(1, 1200, 8)
	v := tensor.Float32s(x)
	for i := range v {
		v[i] = 0.1
	}
	onEach(t, func(b *Backend) []float32 {
		dst := blank(1, 1200, 8)
		b.GroupNorm(dst, x, backend.NormArgs{Groups: 4, Eps: 1e-6})
		return tensor.Float32s(dst)
	}, func(t *testing.T, got []float32) { near(t, "dst", got, make([]float64, len(v)), 1e-4, 1) })
}

// Statistics of a large map with a large mean stay right to a few digits less than float32 has.
func TestGroupMoments(t *testing.T) {
	x := normal(random("map"), 1, 100000, 8)
	v := tensor.Float32s(x)
	for i := range v {
		v[i] = v[i]*0.5 + 100
	}
	onEach(t, func(b *Backend) []float32 {
		n := b.groupMoments(x, backend.NormArgs{Groups: 2})
		return slices.Concat(n.mean, n.scale, n.shift)
	}, func(t *testing.T, got []float32) {
		for g := range 2 {
			var m moments
			for i, x := range v {
				if i%8/4 == g {
					m.add(moments{n: 1, mean: float64(x)})
				}
			}
			inv := 1 / math.Sqrt(m.squares/m.n)
			for c := 4 * g; c < 4*g+4; c++ {
				near(t, "scale", got[8+c:9+c], []float64{inv}, 1e-6, 0)
				near(t, "mean", got[c:c+1], []float64{m.mean}, 1e-7, 0)
				// Together with the shift the mean is as exact as float64 sums make it.
				exact := float64(got[c]) - float64(got[16+c])/inv
				near(t, "mean less shift", []float32{float32(exact - m.mean)}, []float64{0}, 1e-6, 1)
			}
		}
	})
}
