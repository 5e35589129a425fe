package backendtest

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func (s *spec) Act(dst, x Tensor, f backend.Act) {
	xs := tensor.Float32s(x)
	s.at = func(i int) (y, err float64) { return activate(f, float64(xs[i]), 0) }
}

func (s *spec) Glu(dst, a, b Tensor, f backend.Act) {
	as, bs := tensor.Float32s(a), tensor.Float32s(b)
	s.at = func(i int) (y, err float64) {
		x := float64(as[i])
		y, err = activate(f, float64(bs[i]), 0)
		return x * y, math.Abs(x)*err + 2*math.Abs(x*y)
	}
}

func (s *spec) Add(dst, a, b Tensor) {
	as, bs := tensor.Float32s(a), tensor.Float32s(b)
	s.at = func(i int) (y, err float64) { return float64(as[i]) + float64(bs[i%len(bs)]), 0 }
}

func (s *spec) Lincomb(dst Tensor, alpha float32, a Tensor, beta float32, b Tensor) {
	as, bs := tensor.Float32s(a), tensor.Float32s(b)
	s.at = func(i int) (y, err float64) {
		p, q := float64(alpha)*float64(as[i]), float64(beta)*float64(bs[i])
		return p + q, 2 * (math.Abs(p) + math.Abs(q))
	}
}

func (s *spec) Gather(dst, table, ids Tensor) {
	rows, id, d := tensor.Float32s(table), tensor.Int32s(ids), table.Dim(1)
	s.at = func(i int) (y, err float64) { return float64(rows[int(id[i/d])*d+i%d]), 0 }
}

func (s *spec) Copy(dst, src Tensor) {
	xs := tensor.Float32s(src)
	s.at = func(i int) (y, err float64) { return float64(xs[i]), 0 }
}
