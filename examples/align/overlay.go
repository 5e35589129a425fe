package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/faceclip-go/faceclip-go/face"
)

var (
	boxColour   = color.RGBA{255, 200, 0, 255}
	cropColour  = color.RGBA{0, 160, 255, 255}
	pointColour = color.RGBA{0, 255, 0, 255}
)

// overlay returns the photo with each face's box, the edge of its crop, and its landmarks.
func overlay(img image.Image, faces []face.Face) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(b)
	draw.Draw(out, b, img, b.Min, draw.Src)
	pen := max(1, float64(max(b.Dx(), b.Dy()))/500)
	for _, f := range faces {
		corners := func(c [4]face.Point, colour color.RGBA) {
			for i := range c {
				line(out, c[i], c[(i+1)%4], pen, colour)
			}
		}
		x0, y0, x1, y1 := float64(f.Box.Min.X), float64(f.Box.Min.Y), float64(f.Box.Max.X), float64(f.Box.Max.Y)
		corners([4]face.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}, boxColour)
		t := f.Transform()
		at := func(x, y float64) face.Point { return face.Point{X: t[0]*x + t[1]*y + t[2], Y: t[3]*x + t[4]*y + t[5]} }
		corners([4]face.Point{at(0, 0), at(face.Size, 0), at(face.Size, face.Size), at(0, face.Size)}, cropColour)
		for _, p := range f.Points {
			dot(out, p, max(pen, f.Side()/80), pointColour)
		}
	}
	return out
}

func line(img *image.RGBA, from, to face.Point, pen float64, c color.RGBA) {
	n := math.Ceil(math.Hypot(to.X-from.X, to.Y-from.Y)) + 1
	for i := range int(n) {
		t := float64(i) / n
		dot(img, face.Point{X: from.X + t*(to.X-from.X), Y: from.Y + t*(to.Y-from.Y)}, pen, c)
	}
}

// dot draws a disc. What is outside of the picture is left out.
func dot(img *image.RGBA, p face.Point, radius float64, c color.RGBA) {
	for y := int(p.Y - radius); float64(y) <= p.Y+radius; y++ {
		for x := int(p.X - radius); float64(x) <= p.X+radius; x++ {
			if math.Hypot(float64(x)-p.X, float64(y)-p.Y) <= radius {
				img.SetRGBA(x, y, c)
			}
		}
	}
}
