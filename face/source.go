package face

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/faceclip-go/faceclip-go/internal/picture"
)

// A source is the part of a photo that a crop is taken from.
type source struct {
	area   image.Rectangle
	bands  []*image.NRGBA // of some rows each: memory in one piece takes too long to clear
	rows   int            // of a band
	radius float64        // of the tent that weights pixels
}

// mostCrop is the side of the largest crop, in shorter sides of the photo. Windows that find faces are no larger than that side.
const mostCrop = 4

// newSource copies what is under the crop at s. It does not if the crop is out of all proportion, or outside of the photo, which
// no face that was found is.
func newSource(ctx context.Context, img image.Image, s similarity) (source, error) {
	b := img.Bounds()
	if b.Empty() || !(s.scale()*Size <= mostCrop*float64(min(b.Dx(), b.Dy()))) {
		return source{}, fmt.Errorf("face: a crop of %.3g pixels a side in a photo of %d × %d", s.scale()*Size, b.Dx(), b.Dy())
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range []Point{{0, 0}, {Size, 0}, {0, Size}, {Size, Size}} {
		q := s.at(p)
		x0, y0, x1, y1 = min(x0, q.X), min(y0, q.Y), max(x1, q.X), max(y1, q.Y)
	}
	if !(x0 < float64(b.Max.X) && y0 < float64(b.Max.Y) && x1 > float64(b.Min.X-1) && y1 > float64(b.Min.Y-1)) {
		return source{}, fmt.Errorf("face: a crop around (%.4g, %.4g) in a photo of %v", (x0+x1)/2, (y0+y1)/2, b)
	}
	within := func(v float64, least, most int) int {
		return int(math.Floor(min(max(v, float64(least)), float64(most))))
	}
	radius := max(1, s.scale())
	r := image.Rect(within(x0-radius, b.Min.X, b.Max.X-1), within(y0-radius, b.Min.Y, b.Max.Y-1),
		within(x1+radius, b.Min.X, b.Max.X-1)+1, within(y1+radius, b.Min.Y, b.Max.Y-1)+1).Intersect(b)
	source := source{area: r, rows: max(1, 100_000/r.Dx()), radius: radius}
	return source, source.copy(ctx, img)
}

// copy copies the source's area of img, until the context ends.
func (s *source) copy(ctx context.Context, img image.Image) error {
	r := s.area
	for y := r.Min.Y; y < r.Max.Y && ctx.Err() == nil; y += s.rows {
		band := image.NewNRGBA(image.Rect(r.Min.X, y, r.Max.X, min(y+s.rows, r.Max.Y)))
		for i := range band.Rect.Dy() {
			picture.Row(band.Pix[i*band.Stride:(i+1)*band.Stride], img, r.Min.X, y+i)
		}
		s.bands = append(s.bands, band)
	}
	return ctx.Err()
}

// row returns the pixels of a row, or of the closest one.
func (s source) row(y int) []uint8 {
	y = min(max(y, s.area.Min.Y), s.area.Max.Y-1)
	band := s.bands[(y-s.area.Min.Y)/s.rows]
	return band.Pix[band.PixOffset(s.area.Min.X, y):]
}

// at returns the colour around p: the mean of the pixels weighted by a tent over it.
func (s source) at(p Point) color.NRGBA {
	var sum [3]float64
	weights := 0.0
	r := s.area
	for y := int(math.Floor(p.Y-s.radius)) + 1; float64(y) < p.Y+s.radius; y++ {
		row := s.row(y)
		wy := s.radius - math.Abs(float64(y)-p.Y)
		for x := int(math.Floor(p.X-s.radius)) + 1; float64(x) < p.X+s.radius; x++ {
			at := 4 * (min(max(x, r.Min.X), r.Max.X-1) - r.Min.X)
			w := wy * (s.radius - math.Abs(float64(x)-p.X))
			for i, v := range row[at : at+3 : at+3] {
				sum[i] += w * float64(v)
			}
			weights += w
		}
	}
	var c [3]uint8
	for i := range c {
		c[i] = uint8(min(sum[i]/weights+0.5, 255))
	}
	return color.NRGBA{c[0], c[1], c[2], 255}
}
