package cli

import (
	"image"
	"image/color"
	"math"
)

// An ellipse is a shape of the drawn face, in fractions of the picture's side.
type ellipse struct {
	x, y, rx, ry float64
	colour       color.NRGBA
}

// sampleFace draws a face: something to try the program with that is nobody's picture.
func sampleFace() image.Image {
	const side = 448
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.SetNRGBA(x, y, shade(float64(x)/side, float64(y)/side))
		}
	}
	return img
}

var (
	background = color.NRGBA{96, 128, 160, 255}
	portrait   = []ellipse{ // from back to front
		{0.50, 0.42, 0.40, 0.42, color.NRGBA{64, 40, 28, 255}},    // hair
		{0.50, 0.54, 0.32, 0.42, color.NRGBA{224, 172, 140, 255}}, // skin
		{0.37, 0.45, 0.065, 0.035, color.NRGBA{250, 250, 250, 255}},
		{0.63, 0.45, 0.065, 0.035, color.NRGBA{250, 250, 250, 255}},
		{0.37, 0.45, 0.030, 0.033, color.NRGBA{60, 90, 70, 255}}, // eyes
		{0.63, 0.45, 0.030, 0.033, color.NRGBA{60, 90, 70, 255}},
		{0.37, 0.38, 0.080, 0.014, color.NRGBA{72, 48, 36, 255}}, // brows
		{0.63, 0.38, 0.080, 0.014, color.NRGBA{72, 48, 36, 255}},
		{0.50, 0.57, 0.035, 0.080, color.NRGBA{206, 150, 120, 255}}, // nose
		{0.50, 0.74, 0.110, 0.035, color.NRGBA{176, 72, 76, 255}},   // mouth
	}
)

// shade returns the colour at a point, lit from the upper left.
func shade(x, y float64) color.NRGBA {
	c := background
	for _, e := range portrait {
		if math.Hypot((x-e.x)/e.rx, (y-e.y)/e.ry) < 1 {
			c = e.colour
		}
	}
	light := 1.1 - 0.25*x - 0.15*y
	lit := func(v uint8) uint8 { return uint8(min(float64(v)*light, 255)) }
	return color.NRGBA{lit(c.R), lit(c.G), lit(c.B), 255}
}
