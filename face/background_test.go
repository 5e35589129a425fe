package face

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
)

// background draws what a photo may have besides a face: gradients, textures, shapes, and strokes like writing.
func background(r *rand.Rand, w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	gradient(r, img)
	for range 2 + r.IntN(4) {
		texture(r, img)
	}
	for range 15 + r.IntN(40) {
		shape(r, img)
	}
	for range 3 + r.IntN(6) {
		writing(r, img)
	}
	grain := 2 + 10*r.Float64()
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] = level(float64(img.Pix[i]) + grain*r.NormFloat64())
		}
	}
	return img
}

func anyColour(r *rand.Rand) color.RGBA {
	return color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
}

// mix returns a colour between two.
func mix(a, b color.RGBA, t float64) color.RGBA {
	f := func(x, y uint8) uint8 { return level(float64(x)*(1-t) + float64(y)*t) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
}

func gradient(r *rand.Rand, img *image.RGBA) {
	a, b := anyColour(r), anyColour(r)
	sin, cos := math.Sincos(2 * math.Pi * r.Float64())
	length := math.Hypot(float64(img.Rect.Dx()), float64(img.Rect.Dy()))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			img.SetRGBA(x, y, mix(a, b, min(1, math.Abs(float64(x)*cos+float64(y)*sin)/length)))
		}
	}
}

// somewhere returns a rectangle in the picture.
func somewhere(r *rand.Rand, img *image.RGBA, most int) image.Rectangle {
	w, h := 10+r.IntN(most), 10+r.IntN(most)
	x, y := r.IntN(img.Rect.Dx())-w/2, r.IntN(img.Rect.Dy())-h/2
	return image.Rect(x, y, x+w, y+h).Intersect(img.Rect)
}

// texture fills a rectangle with waves: stripes, checks, ripples.
func texture(r *rand.Rand, img *image.RGBA) {
	a, b := anyColour(r), anyColour(r)
	length, kind := 4+60*r.Float64(), r.IntN(3)
	sin, cos := math.Sincos(2 * math.Pi * r.Float64())
	area := somewhere(r, img, 600)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			u, v := (float64(x)*cos+float64(y)*sin)/length, (float64(y)*cos-float64(x)*sin)/length
			t := math.Sin(2 * math.Pi * u)
			switch kind {
			case 1:
				t *= math.Sin(2 * math.Pi * v)
			case 2:
				t = math.Sin(math.Hypot(u-5, v-5) * 2 * math.Pi)
			}
			img.SetRGBA(x, y, mix(a, b, (t+1)/2))
		}
	}
}

// shape draws a rectangle, an ellipse or a ring.
func shape(r *rand.Rand, img *image.RGBA) {
	a, b := anyColour(r), anyColour(r)
	area, kind := somewhere(r, img, 300), r.IntN(3)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			u := 2*float64(x-area.Min.X)/float64(area.Dx()) - 1
			v := 2*float64(y-area.Min.Y)/float64(area.Dy()) - 1
			d := math.Hypot(u, v)
			if kind == 0 || kind == 1 && d < 1 || kind == 2 && d < 1 && d > 0.7 {
				img.SetRGBA(x, y, mix(a, b, (v+1)/2))
			}
		}
	}
}

// writing draws lines of short strokes.
func writing(r *rand.Rand, img *image.RGBA) {
	ink, tall := anyColour(r), 6+r.IntN(40)
	x0, y := r.IntN(img.Rect.Dx()), r.IntN(img.Rect.Dy())
	for range 1 + r.IntN(5) {
		for x := x0; x < x0+tall*(5+r.IntN(20)); x += tall/2 + r.IntN(tall) {
			px, py := float64(x), float64(y)
			for range 3 {
				qx, qy := float64(x)+r.Float64()*float64(tall)/2, float64(y)+r.Float64()*float64(tall)
				for t := 0.0; t < 1; t += 0.5 / float64(tall) {
					dot(img, int(px+(qx-px)*t), int(py+(qy-py)*t), 1+tall/12, ink)
				}
				px, py = qx, qy
			}
		}
		y += tall * 3 / 2
	}
}

func dot(img *image.RGBA, x, y, size int, c color.RGBA) {
	for j := range size {
		for i := range size {
			img.SetRGBA(x+i, y+j, c) // outside it does nothing
		}
	}
}
