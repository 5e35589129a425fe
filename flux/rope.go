package flux

import "math"

// Rotations returns the cosines and sines [T + rows·cols, width/2] by which the queries and keys of a head are turned: of T
// text tokens, which are not turned, then of the image's, by their row and column. The first axis is the same for all.
func (c Config) Rotations(text, rows, cols int) (cos, sin []float32) {
	for range text {
		cos, sin = c.turn(cos, sin, 0, 0)
	}
	for row := range rows {
		for col := range cols {
			cos, sin = c.turn(cos, sin, row, col)
		}
	}
	return cos, sin
}

// turn appends the angles of one token, computed in float64 as the reference does.
func (c Config) turn(cos, sin []float32, row, col int) (_, _ []float32) {
	for axis, position := range []int{0, row, col} {
		d := c.axes()[axis]
		for k := 0; k < d; k += 2 {
			angle := float64(position) * math.Pow(10000, -float64(k)/float64(d))
			cos, sin = append(cos, float32(math.Cos(angle))), append(sin, float32(math.Sin(angle)))
		}
	}
	return cos, sin
}
