package cpu

import (
	"math"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
)

// sampled is DeformAttention in float64.
func sampled(v, offsets, logits backend.Tensor, a backend.DeformArgs) (y []float64) {
	heads, l := v.Dim(2), v.Dim(1)
	for i := range offsets.Rows() * heads {
		token, h := i/heads, i%heads
		out, sum := make([]float64, v.Dim(3)), 0.
		for p := range a.Points {
			weight := math.Exp(float64(rowOf(logits, token)[h*a.Points+p]))
			sum += weight
			at := rowOf(offsets, token)[2*(h*a.Points+p):]
			x, y := float64(token%l%a.Cols)+float64(at[0]), float64(token%l/a.Cols)+float64(at[1])
			for n := range l {
				near := max(0, 1-math.Abs(x-float64(n%a.Cols))) * max(0, 1-math.Abs(y-float64(n/a.Cols)))
				for c, value := range rowOf(v, (token/l*l+n)*heads+h) {
					out[c] += weight * near * float64(value)
				}
			}
		}
		for _, x := range out {
			y = append(y, x/sum)
		}
	}
	return y
}

func TestDeformAttention(t *testing.T) {
	const batch, heads, d = 2, 3, 5
	a := backend.DeformArgs{Rows: 6, Cols: 7, Points: 4}
	l := a.Rows * a.Cols
	r := random("deform")
	v := normal(r, 4, batch, l, heads*d).Heads(heads)
	offsets, logits := normal(r, 1, batch, l, heads*a.Points*2), normal(r, 3, batch, l, heads*a.Points)
	for i := range offsets.Rows() {
		row := rowOf(offsets, i)
		for j := range row {
			row[j] *= []float32{0, 1, 5, 1e30}[r.IntN(4)]
		}
		row[0] = float32(math.Inf(i%2*2 - 1))
	}
	want := sampled(v, offsets, logits, a)
	const bad = 13 // token with an offset of NaN, in head 1
	rowOf(offsets, bad)[2*(a.Points+2)] = nan
	for c := range d {
		want[(bad*heads+1)*d+c] = math.NaN()
	}
	onEach(t, func(b *Backend) []float32 {
		dst := blank(2, batch, l, heads*d)
		b.DeformAttention(dst, v, offsets, logits, a)
		between(t, "dst", dst)
		return valuesOf(dst)
	}, func(t *testing.T, got []float32) { near(t, "dst", got, want, 2e-6, 1) })
}
