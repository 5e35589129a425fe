package face

import (
	"context"
	"image"
	"math"
	"slices"

	pigo "github.com/esimov/pigo/core"

	"github.com/faceclip-go/faceclip-go/internal/parallel"
)

// A hit is a window that the cascade took for a face.
type hit struct {
	centre Point
	side   float64
	angle  float64 // by which the face is turned, clockwise, in radians
	score  float64
}

// A search is how a picture is looked at.
type search struct {
	angles []float64 // by which it is turned, in degrees: the cascade knows faces within about 15° of upright
	margin float64   // in its shorter sides, where its edge goes on: a face at the edge needs some for a window to fit
	strict float64   // a factor of the scores that a face must reach
}

var usual = search{angles: []float64{0, -20, 20, -40, 40}, margin: 0.1, strict: 1}

// steps returns how far to move a window, as a share of it, and by what to multiply its size for the next scan. Small
// windows take nearly all the time, so they go in coarse steps: a face gives several hits, and verify looks closely at
// what a single one points to.
func steps(size int) (shift, grow float64) {
	switch {
	case size < 48:
		return 0.15, 1.15
	case size < 80:
		return 0.1, 1.15
	}
	return 0.07, 1.1
}

// larger returns the size of the window after size.
func larger(size int) int {
	_, grow := steps(size)
	return max(size+2, int(float64(size)*grow))
}

// scan looks for faces of all angles with windows of least to most pixels. Positions are the picture's pixels.
func (s search) scan(ctx context.Context, img *image.Gray, least, most int) []hit {
	found := make([][]hit, len(s.angles))
	parallel.Each(len(s.angles), func(i int) {
		if ctx.Err() != nil {
			return
		}
		t := turn(img, s.angles[i]*math.Pi/180, s.margin)
		for size := least; size <= most && len(found[i]) < mostHits; size = larger(size) {
			found[i] = append(found[i], t.scan(ctx, size)...)
		}
	})
	return slices.Concat(found...)
}

// A turned is a picture turned, with a margin around it.
type turned struct {
	canvas  *image.Gray
	back    similarity // from the canvas to the picture
	corners [4]Point   // of the picture and its margin, on the canvas
	angle   float64
}

// turn turns a picture so that faces at an angle become upright.
func turn(img *image.Gray, angle, margin float64) *turned {
	sin, cos := math.Sincos(angle)
	w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
	x, y := (w-1)/2, (h-1)/2
	margin *= min(w, h)
	w, h = w+2*margin, h+2*margin
	width, height := int(w*math.Abs(cos)+h*math.Abs(sin)), int(w*math.Abs(sin)+h*math.Abs(cos))
	t := &turned{back: similarity{a: cos, b: sin}, angle: angle}
	middle := t.back.at(Point{float64(width-1) / 2, float64(height-1) / 2})
	t.back.x, t.back.y = x-middle.X, y-middle.Y
	t.canvas = warp(img, t.back, width, height)
	for i, p := range [4]Point{{x - w/2, y - h/2}, {x + w/2, y - h/2}, {x + w/2, y + h/2}, {x - w/2, y + h/2}} {
		t.corners[i] = t.back.inverse().at(p)
	}
	return t
}

// scan tries all windows of one size, in bands of rows, until the context ends.
func (t *turned) scan(ctx context.Context, size int) []hit {
	var hits []hit
	width, height := t.canvas.Rect.Dx(), t.canvas.Rect.Dy()
	shift, _ := steps(size)
	half, step := size/2+1, max(1, int(shift*float64(size)))
	rows := min(32, max(1, 20000/(width/step+1))) * step
	for top := 0; top+2*half <= height; top += rows {
		bottom := min(top+2*half+rows-step, height)
		left, right := t.span(top+half, bottom-half)
		left, right = max(0, left-half), min(width, right+half)
		if left >= right {
			continue
		}
		few := max(1, 2000/((right-left)/step+1)) * step // which take some milliseconds even if all are nearly faces
		for upper := top; upper+2*half <= bottom; upper += few {
			if ctx.Err() != nil {
				return nil
			}
			lower := min(upper+2*half+few-step, bottom)
			hits = append(hits, t.try(image.Rect(left, upper, right, lower), size)...)
		}
	}
	return hits
}

// try tries the windows of one size in a part of the canvas.
func (t *turned) try(r image.Rectangle, size int) (hits []hit) {
	c := t.canvas
	shift, grow := steps(size)
	for _, d := range cascades().finder.RunCascade(pigo.CascadeParams{
		MinSize: size, MaxSize: size, ShiftFactor: shift, ScaleFactor: grow,
		ImageParams: pigo.ImageParams{Pixels: c.Pix[r.Min.Y*c.Stride+r.Min.X:], Rows: r.Dy(), Cols: r.Dx(), Dim: c.Stride},
	}, 0) {
		centre := t.back.at(Point{float64(r.Min.X + d.Col), float64(r.Min.Y + d.Row)})
		hits = append(hits, hit{centre, float64(size), t.angle, float64(d.Q)})
	}
	return hits
}

// span returns from where to where the picture reaches in the rows from top to bottom of the canvas.
func (t *turned) span(top, bottom int) (left, right int) {
	least, most := math.Inf(1), math.Inf(-1)
	for i, p := range t.corners {
		q := t.corners[(i+1)%4]
		from, to := max(float64(top), min(p.Y, q.Y)), min(float64(bottom), max(p.Y, q.Y))
		if from > to {
			continue
		}
		for _, y := range []float64{from, to} {
			x := p.X
			if p.Y != q.Y {
				x += (q.X - p.X) * (y - p.Y) / (q.Y - p.Y)
			}
			least, most = min(least, x), max(most, x)
		}
	}
	if least > most {
		return 0, 0
	}
	return int(least), int(most) + 1
}
