package face

import "image"

// landmarks returns a face's points in a picture of it, given where about the eyes are. Spread is how far apart the
// estimates end on average: little on a face, more elsewhere.
func landmarks(img *image.Gray, left, right Point) (points [5]Point, spread float64) {
	c := cascades()
	locate := func(i int, r *regressor, guess Point, window float64, mirrored bool) {
		at, apart := r.locate(img, guess, window, mirrored)
		points[i] = at
		spread += apart / 5
	}
	eyes := right.X - left.X
	locate(0, c.eye, left, 0.7*eyes, false)
	locate(1, c.eye, right, 0.7*eyes, true)
	left, right = points[0], points[1]
	guess, window := below(left, right)
	locate(2, c.nose, guess, window, false)
	locate(3, c.mouth, guess, window, false)
	locate(4, c.mouth, guess, window, true)
	return points, spread
}

// below returns where the regressors of nose and mouth begin, given the pupils, and the size of their window.
func below(left, right Point) (Point, float64) {
	eyes := right.X - left.X
	return Point{(left.X+right.X)/2 + 0.15*eyes, (left.Y+right.Y)/2 + 0.25*eyes}, 3 * eyes
}
