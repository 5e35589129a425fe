package face

import (
	"image"
	"math"

	pigo "github.com/esimov/pigo/core"
)

// The window of the cascade over a face, measured on the faces in testdata: its side and its centre, in crops.
const (
	windowSide = 0.88
	windowX    = 0.49
	windowY    = 0.53
)

// What a face must reach. See docs/faces.md for what faces and other things do.
const (
	leastScore   = 8.0
	mostResidual = 0.06 // of the five points against the template, in crops
)

// pose returns the similarity from a crop to the photo that a hit amounts to.
func (h hit) pose() similarity {
	sin, cos := math.Sincos(h.angle)
	scale := h.side / (windowSide * Size)
	s := similarity{a: scale * cos, b: scale * sin}
	p := s.at(Point{windowX * Size, windowY * Size})
	s.x, s.y = h.centre.X-p.X, h.centre.Y-p.Y
	return s
}

// verify looks closely at a hit in the photo. It tells whether it is a face, and then where its landmarks are.
func (p pyramid) verify(h hit) (Face, bool) {
	pose := h.pose()
	seen, ok := p.closely(pose)
	if !ok || seen.score < leastScore/2 {
		return Face{}, false
	}
	seen.angle = h.angle
	pose = seen.pose()
	points := [5]Point{}
	for i, t := range Template {
		points[i] = pose.at(t)
	}
	// Each round turns and scales the face better, and so finds the landmarks better.
	for range 3 {
		points = p.landmarks(pose, points)
		pose = fit(&Template, &points)
	}
	seen, ok = p.closely(pose)
	if !ok || seen.score < leastScore || residual(pose, &Template, &points) > mostResidual*Size {
		return Face{}, false
	}
	return Face{Box: seen.box(), Points: points, Score: seen.score}, true
}

// closely returns what the cascade sees where a crop is: hits of all positions and sizes about the right ones, gathered.
// The angle of the result is not set.
func (p pyramid) closely(crop similarity) (hit, bool) {
	const side, window = 96, 48 // pixels
	scale := windowSide * Size / window
	offset := (Size - scale*(side-1)) / 2
	s := crop.after(similarity{a: scale, x: offset, y: offset})
	img := p.cut(s, side)
	var hits []hit
	for _, d := range cascades().finder.RunCascade(pigo.CascadeParams{
		MinSize: window * 3 / 4, MaxSize: window * 4 / 3, ShiftFactor: 0.08, ScaleFactor: 1.08,
		ImageParams: pigo.ImageParams{Pixels: img.Pix, Rows: side, Cols: side, Dim: side},
	}, 0) {
		hits = append(hits, hit{s.at(Point{float64(d.Col), float64(d.Row)}), float64(d.Scale) * s.scale(), 0, float64(d.Q)})
	}
	want := hit{centre: crop.at(Point{windowX * Size, windowY * Size}), side: windowSide * Size * crop.scale()}
	for _, c := range cluster(hits) {
		if c.near(want) {
			return c, true
		}
	}
	return hit{}, false
}

// box returns the square of a hit, in whole pixels.
func (h hit) box() image.Rectangle {
	x, y, side := int(math.Round(h.centre.X-h.side/2)), int(math.Round(h.centre.Y-h.side/2)), int(math.Round(h.side))
	return image.Rect(x, y, x+side, y+side)
}

// landmarks returns a face's points in the photo, given about where its crop and its eyes are.
func (p pyramid) landmarks(crop similarity, about [5]Point) [5]Point {
	// The picture is larger than the crop: the regressors look around the face.
	const side, larger = 256, 1.4
	s := crop.after(similarity{a: larger * Size / side, x: Size * (1 - larger) / 2, y: Size * (1 - larger) / 2})
	img, to := p.cut(s, side), s.inverse()
	points := landmarks(img, to.at(about[0]), to.at(about[1]))
	for i := range points {
		points[i] = s.at(points[i])
	}
	return points
}
