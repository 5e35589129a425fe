package face

import (
	"context"
	"image"
	"math"
	"slices"

	pigo "github.com/esimov/pigo/core"
)

// The window of the cascade over a face, measured on the faces in testdata: its side and its centre, in crops.
const (
	windowSide = 0.88
	windowX    = 0.49
	windowY    = 0.53
)

// What a face must reach; docs/faces.md has what faces and other things do.
const (
	leastHits    = 5.0  // score of the cascade alone
	leastScore   = 12.0 // score of the cascade over the spread of the landmarks
	leastSure    = 27.0 // score of the cascade over the doubt about nose and mouth, in per cent
	leastSide    = 32.0 // of the crop, in the photo's pixels
	mostResidual = 0.07 // of the landmarks against the template, in crops
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

// verify looks closely at a hit in the photo. It tells whether it is a face, and then where its landmarks are. Strict is a factor
// of the scores that it must reach.
func (p pyramid) verify(ctx context.Context, h hit, strict float64) (Face, bool) {
	seen := p.closely(ctx, h.pose())
	if seen.score < leastHits/2 {
		return Face{}, false
	}
	seen.angle = h.angle
	pose, spread := seen.pose(), 0.0
	var points [5]Point
	for i, t := range Template {
		points[i] = pose.at(t)
	}
	// Each round turns and scales the face better, and so finds the landmarks better.
	for range 3 {
		if ctx.Err() != nil { // a round takes some milliseconds
			return Face{}, false
		}
		points, spread = p.landmarks(pose, points)
		pose = fit(&Template, &points)
	}
	if pose.scale()*Size < leastSide || residual(pose, &Template, &points) > mostResidual*Size {
		return Face{}, false
	}
	seen = p.closely(ctx, pose)
	// A face is a face in the mirror too, and its landmarks are definite. What only looks like one mostly fails in both.
	score := seen.score / (100*spread + 0.5)
	if seen.score < leastHits || score < strict*leastScore || seen.score < strict*leastSure*100*p.doubt(pose, points) {
		return Face{}, false
	}
	return Face{Box: seen.box(), Points: points, Score: score}, true
}

// closely returns what the cascade sees where a crop is and in its mirror image: the hits of about the right position and
// size, gathered, with the mean of both scores. The angle is not set.
func (p pyramid) closely(ctx context.Context, crop similarity) hit {
	const side, window = 96, 48 // pixels
	scale := windowSide * Size / window
	offset := (Size - scale*(side-1)) / 2
	s := crop.after(similarity{a: scale, x: offset, y: offset})
	img := p.cut(s, side)
	var hits []hit
	for _, mirrored := range []bool{false, true} {
		for _, d := range cascades().finder.RunCascade(pigo.CascadeParams{
			MinSize: window * 3 / 4, MaxSize: window * 4 / 3, ShiftFactor: 0.08, ScaleFactor: 1.08,
			ImageParams: pigo.ImageParams{Pixels: img.Pix, Rows: side, Cols: side, Dim: side},
		}, 0) {
			if mirrored {
				d.Col = side - 1 - d.Col
			}
			hits = append(hits, hit{s.at(Point{float64(d.Col), float64(d.Row)}), float64(d.Scale) * s.scale(), 0, float64(d.Q) / 2})
		}
		for y := range side {
			slices.Reverse(img.Pix[y*side : (y+1)*side])
		}
	}
	want := hit{centre: crop.at(Point{windowX * Size, windowY * Size}), side: windowSide * Size * crop.scale()}
	for _, c := range cluster(ctx, hits) {
		if c.near(want) {
			return c
		}
	}
	return hit{}
}

// box returns the square of a hit, in whole pixels.
func (h hit) box() image.Rectangle {
	x, y, side := int(math.Round(h.centre.X-h.side/2)), int(math.Round(h.centre.Y-h.side/2)), int(math.Round(h.side))
	return image.Rect(x, y, x+side, y+side)
}

// landmarks returns a face's points in the photo, given about where its crop and its eyes are, and their spread in crops.
func (p pyramid) landmarks(crop similarity, about [5]Point) (points [5]Point, spread float64) {
	img, s := p.around(crop)
	to := s.inverse()
	points, spread = landmarks(img, to.at(about[0]), to.at(about[1]))
	for i := range points {
		points[i] = s.at(points[i])
	}
	return points, spread * s.scale() / (crop.scale() * Size)
}

// around returns a picture of a crop and what is around it, where the regressors look too, and its place in the photo.
func (p pyramid) around(crop similarity) (*image.Gray, similarity) {
	const side, larger = 256, 1.4
	s := crop.after(similarity{a: larger * Size / side, x: Size * (1 - larger) / 2, y: Size * (1 - larger) / 2})
	return p.cut(s, side), s
}

// doubt returns how far apart the regressors end from different starts, of the nose or of the mouth, whichever is less: in
// crops. Most faces have both for sure, faces that are partly covered one, and what only looks like a face neither: two
// dark blobs are as good as eyes, but under them it takes more.
func (p pyramid) doubt(crop similarity, points [5]Point) float64 {
	img, s := p.around(crop)
	to, c := s.inverse(), cascades()
	guess, window := below(to.at(points[0]), to.at(points[1]))
	apart := func(r *regressor) (mean float64) {
		for _, mirrored := range []bool{false, true} {
			_, spread := r.locate(img, guess, window, mirrored)
			mean += spread / 2
		}
		return mean
	}
	return min(apart(c.nose), apart(c.mouth)) * s.scale() / (crop.scale() * Size)
}
