package face

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// A similarity takes (x, y) to (a·x - b·y + x0, b·x + a·y + y0): it scales, turns and shifts.
type similarity struct{ a, b, x, y float64 }

func (s similarity) at(p Point) Point { return Point{s.a*p.X - s.b*p.Y + s.x, s.b*p.X + s.a*p.Y + s.y} }

func (s similarity) scale() float64 { return math.Hypot(s.a, s.b) }

// after returns the similarity that does r first, then s.
func (s similarity) after(r similarity) similarity {
	p := s.at(Point{r.x, r.y})
	return similarity{s.a*r.a - s.b*r.b, s.a*r.b + s.b*r.a, p.X, p.Y}
}

// fit returns the similarity that takes from closest to to, in the sense of least squares.
func fit(from, to *[5]Point) similarity {
	equations, right := mat.NewDense(10, 4, nil), mat.NewVecDense(10, nil)
	for i, p := range from {
		equations.SetRow(2*i, []float64{p.X, -p.Y, 1, 0})
		equations.SetRow(2*i+1, []float64{p.Y, p.X, 0, 1})
		right.SetVec(2*i, to[i].X)
		right.SetVec(2*i+1, to[i].Y)
	}
	var s mat.VecDense
	if err := s.SolveVec(equations, right); err != nil {
		return similarity{} // from is one point, which no template is
	}
	return similarity{s.AtVec(0), s.AtVec(1), s.AtVec(2), s.AtVec(3)}
}

// residual returns the root mean square of the distances between s(from) and to, in units of from.
func residual(s similarity, from, to *[5]Point) float64 {
	sum := 0.0
	for i := range from {
		p := s.at(from[i])
		sum += (p.X-to[i].X)*(p.X-to[i].X) + (p.Y-to[i].Y)*(p.Y-to[i].Y)
	}
	return math.Sqrt(sum/5) / s.scale()
}
