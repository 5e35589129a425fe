package face

import "image"

// landmarks returns a face's points in a square picture of it, given where about the eyes are.
func landmarks(img *image.Gray, left, right Point) [5]Point {
	c := cascades()
	eyes := right.X - left.X
	left = c.eye.locate(img, left, 0.7*eyes, false)
	right = c.eye.locate(img, right, 0.7*eyes, true)
	eyes = right.X - left.X
	mid := Point{(left.X + right.X) / 2, (left.Y + right.Y) / 2}
	guess := func(side float64) Point { return Point{mid.X + side*0.15*eyes, mid.Y + 0.25*eyes} }
	return [5]Point{
		left, right,
		c.nose.locate(img, guess(1), 3*eyes, false),
		c.mouth.locate(img, guess(1), 3*eyes, false),
		c.mouth.locate(img, guess(1), 3*eyes, true),
	}
}
