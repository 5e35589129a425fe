package flux

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
)

// A Rotation is what queries and keys are turned by: the cosines and sines of all tokens, F32 [T + N, width/2].
type Rotation struct{ Cos, Sin Tensor }

// Rotation puts the one for T tokens of text, which are not turned, and then rows×cols tokens of an image on s. These are
// turned by their row and their column; the first axis is the same for all.
func (c Config) Rotation(s *backend.Stream, text, rows, cols int) Rotation {
	table := func(f func(float64) float64) Tensor {
		fill := func(dst []float32) { c.turn(s, dst, f, text, rows, cols) }
		return s.Table(fill, text+rows*cols, c.HeadWidth/2)
	}
	return Rotation{Cos: table(math.Cos), Sin: table(math.Sin)}
}

// turn stores f of the angles of all tokens, until the context of Do ends.
func (c Config) turn(s *backend.Stream, dst []float32, f func(float64) float64, text, rows, cols int) {
	axes := c.axes()
	still, down, across := turns(f, axes[0], 1), turns(f, axes[1], rows), turns(f, axes[2], cols)
	token := func(row, col int) {
		for _, part := range [][]float32{still[0], down[row], across[col]} {
			dst = dst[copy(dst, part):]
		}
	}
	for range text {
		token(0, 0)
	}
	for row := 0; row < rows && !s.Stopped(); row++ {
		for col := range cols {
			token(row, col)
		}
	}
}

// turns returns f of the angles of d channels at the positions 0 to n-1, computed in float64 as the reference does.
func turns(f func(float64) float64, d, n int) [][]float32 {
	values := make([][]float32, n)
	for position := range values {
		for k := 0; k < d; k += 2 {
			angle := float64(position) * math.Pow(10000, -float64(k)/float64(d))
			values[position] = append(values[position], float32(f(angle)))
		}
	}
	return values
}
