package face

import (
	"image"
	"image/draw"
)

// Align returns the crop of a face: Size × Size pixels, opaque. Where pixels of the photo are smaller than the crop's, it
// averages. What lies outside of the photo gets the colour of the photo's edge. Of half-transparent pixels it takes the
// colour; where all is transparent, the crop is mid-grey.
func Align(img image.Image, f Face) *image.NRGBA {
	t := f.Transform()
	s := similarity{t[0], t[3], t[2], t[5]}
	out := image.NewNRGBA(image.Rect(0, 0, Size, Size))
	source := newSource(img, s)
	if source.img.Rect.Empty() {
		draw.Draw(out, out.Rect, image.NewUniform(nothing), image.Point{}, draw.Src)
		return out
	}
	for y := range Size {
		for x := range Size {
			out.SetNRGBA(x, y, source.at(s.at(Point{float64(x), float64(y)})))
		}
	}
	return out
}
