package cpu

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
)

// A deform is one call of DeformAttention under way.
type deform struct {
	b                       *Backend
	args                    backend.DeformArgs
	dst, v, offsets, logits backend.Tensor
	y, values, o, w         []float32 // of these
}

// DeformAttention samples v [B, Rows·Cols, H, D] around each token and head: see [backend.Kernels].
func (b *Backend) DeformAttention(dst, v, offsets, logits backend.Tensor, a backend.DeformArgs) {
	t := &b.deform
	defer forget(t)
	*t = deform{
		b: b, args: a, dst: dst, v: v, offsets: offsets, logits: logits,
		y: elements[float32](dst), values: elements[float32](v), o: elements[float32](offsets), w: elements[float32](logits),
	}
	b.share(v.Dim(0)*v.Dim(1), v.Dim(2)*v.Dim(3), t)
}

// do computes token i of all batch items.
func (t *deform) do(worker, i int) {
	k, v, points, cols := t.b.k, t.v, t.args.Points, t.args.Cols
	l, h, d := v.Dim(1), v.Dim(2), v.Dim(3)
	grid := sampler{k.Lincomb, t.values[i/l*v.Stride(0):], t.args.Rows, cols, v.Stride(1)}
	y, o := t.y[t.dst.Row(i):][:h*d], t.o[t.offsets.Row(i):][:2*h*points]
	weights := t.b.space(worker)[:h*points]
	copy(weights, t.w[t.logits.Row(i):])
	clear(y)
	for head := range h {
		weights := weights[head*points:][:points]
		sum := k.ExpSum(weights, 1, k.Max(weights))
		for p, weight := range weights {
			at := o[2*(head*points+p):]
			px, py := float32(i%l%cols)+at[0], float32(i%l/cols)+at[1]
			grid.add(y[head*d:(head+1)*d], head*v.Stride(2), px, py, weight/sum)
		}
	}
}

// A sampler reads vectors from a map of rows × cols positions.
type sampler struct {
	lincomb    func(dst []float32, alpha float32, a []float32, beta float32, b []float32)
	values     []float32
	rows, cols int
	stride     int // from one position to the next
}

// add adds the bilinear sample at (x, y), times weight, to dst; from is the offset of the vector in a position.
func (s *sampler) add(dst []float32, from int, x, y, weight float32) {
	if x != x || y != y {
		weight, x, y = x+y, 0, 0
	}
	// Positions outside are zero; so is all of a sample that is outside by more than one.
	if x <= -1 || y <= -1 || x >= float32(s.cols) || y >= float32(s.rows) {
		return
	}
	x0, y0 := math.Floor(float64(x)), math.Floor(float64(y))
	fx, fy := x-float32(x0), y-float32(y0)
	wx, wy := [2]float32{1 - fx, fx}, [2]float32{1 - fy, fy}
	for i := range 4 {
		col, row := int(x0)+i%2, int(y0)+i/2
		if col < 0 || row < 0 || col >= s.cols || row >= s.rows {
			continue
		}
		v := s.values[(row*s.cols+col)*s.stride+from:][:len(dst)]
		s.lincomb(dst, 1, dst, weight*wx[i%2]*wy[i/2], v)
	}
}
