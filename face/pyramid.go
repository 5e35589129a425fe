package face

import (
	"context"
	"image"

	"github.com/faceclip-go/faceclip-go/internal/picture"
)

// A pyramid is the photo in grey, without its offset, and after it halves of halves. Pixel (x, y) of level i is the mean
// of the photo's 2^i × 2^i pixels from (2^i·x, 2^i·y).
type pyramid []*image.Gray

// smallest is the least side of a level.
const smallest = 24

// newPyramid returns the pyramid of a photo in grey; if the context ends, one of anything.
func newPyramid(ctx context.Context, img *image.Gray) pyramid {
	p := pyramid{img}
	for last := p[0]; min(last.Rect.Dx(), last.Rect.Dy()) >= 2*smallest; p = append(p, last) {
		last = half(ctx, last)
	}
	return p
}

// pixels returns how many pixels a level has.
func (p pyramid) pixels(level int) int { return p[level].Rect.Dx() * p[level].Rect.Dy() }

// shorter returns the shorter side of a level.
func (p pyramid) shorter(level int) int { return min(p[level].Rect.Dx(), p[level].Rect.Dy()) }

// coarse returns the finest level of at most some pixels.
func (p pyramid) coarse(pixels int) int {
	level := 0
	for level+1 < len(p) && p.pixels(level) > pixels {
		level++
	}
	return level
}

// toPhoto returns the similarity from a level's coordinates to the photo's.
func toPhoto(level int) similarity {
	factor := float64(int(1) << level)
	return similarity{a: factor, x: (factor - 1) / 2, y: (factor - 1) / 2}
}

// grey returns a picture's luma, of what is transparent too. That of a JPEG is there already.
func grey(ctx context.Context, img image.Image) *image.Gray {
	b := img.Bounds()
	switch img := img.(type) {
	case *image.YCbCr:
		return part(&image.Gray{Pix: img.Y, Stride: img.YStride, Rect: b}, b)
	case *image.Gray:
		return part(img, b)
	}
	return rows(ctx, img, luma)
}

// rows returns a picture in grey as f makes it of pixels.
func rows(ctx context.Context, img image.Image, f func(out, pixels []uint8)) *image.Gray {
	const most = 1 << 16 // pixels between looks at the context: rows may have millions
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	pixels := make([]uint8, 4*min(most, b.Dx()))
	for y := range b.Dy() {
		for x := 0; x < b.Dx(); x += most {
			if ctx.Err() != nil {
				return out
			}
			row := out.Pix[y*out.Stride+x : y*out.Stride+min(x+most, b.Dx())]
			picture.Row(pixels[:4*len(row)], img, b.Min.X+x, b.Min.Y+y)
			f(row, pixels)
		}
	}
	return out
}

// luma computes the luma of pixels.
func luma(out, pixels []uint8) {
	for x := range out {
		c := pixels[4*x : 4*x+4 : 4*x+4]
		luma := (19595*uint32(c[0]) + 38470*uint32(c[1]) + 7471*uint32(c[2]) + 32768) >> 16
		out[x] = uint8(luma)
	}
}

// half returns a picture of half the size, rounded down.
func half(ctx context.Context, img *image.Gray) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, img.Rect.Dx()/2, img.Rect.Dy()/2))
	for y := 0; y < out.Rect.Dy() && ctx.Err() == nil; y++ {
		upper, lower := img.Pix[2*y*img.Stride:], img.Pix[(2*y+1)*img.Stride:]
		row := out.Pix[y*out.Stride : (y+1)*out.Stride]
		for x := range row {
			sum := uint(upper[2*x]) + uint(upper[2*x+1]) + uint(lower[2*x]) + uint(lower[2*x+1])
			row[x] = uint8((sum + 2) / 4)
		}
	}
	return out
}
