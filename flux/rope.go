package flux

import "math"

// A Rotation is what queries and keys of all tokens are turned by: T text tokens, which are not turned, then those of the
// image, by their row and column. The first axis is the same for all.
type Rotation struct {
	config           Config
	text, rows, cols int
}

// Rotation returns the one for an image of rows×cols tokens.
func (c Config) Rotation(text, rows, cols int) Rotation { return Rotation{c, text, rows, cols} }

// Shape returns that of the cosines and of the sines: [T + rows·cols, width/2].
func (r Rotation) Shape() []int { return []int{r.text + r.rows*r.cols, r.config.HeadWidth / 2} }

// Cos returns the cosines of all angles.
func (r Rotation) Cos() []float32 { return r.table(math.Cos) }

// Sin returns the sines of all angles.
func (r Rotation) Sin() []float32 { return r.table(math.Sin) }

func (r Rotation) table(f func(float64) float64) []float32 {
	axes := r.config.axes()
	still, rows, cols := turns(f, axes[0], 1), turns(f, axes[1], r.rows), turns(f, axes[2], r.cols)
	token := func(all []float32, row, col int) []float32 {
		return append(append(append(all, still[0]...), rows[row]...), cols[col]...)
	}
	shape := r.Shape()
	all := make([]float32, 0, shape[0]*shape[1])
	for range r.text {
		all = token(all, 0, 0)
	}
	for row := range r.rows {
		for col := range r.cols {
			all = token(all, row, col)
		}
	}
	return all
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
