package face

import (
	"context"
	"image"

	"github.com/faceclip-go/faceclip-go/internal/picture"
)

// An orientation tells, for each of EXIF's 8, how the stored picture becomes the upright one: first mirrored left to
// right or top to bottom, then its rows become columns.
var orientations = [9]struct{ mirror, flip, transpose bool }{
	2: {mirror: true},
	3: {mirror: true, flip: true},
	4: {flip: true},
	5: {transpose: true},
	6: {flip: true, transpose: true},
	7: {mirror: true, flip: true, transpose: true},
	8: {mirror: true, transpose: true},
}

// upright returns a stored picture, or the part of it that img is, as it is to be seen, opaque. A JPEG's stays in luma and chroma
// where the chroma's grid fits. If the context ends, it is one of anything.
func upright(ctx context.Context, img image.Image, stored image.Rectangle, orientation int) image.Image {
	if orientation < 1 || orientation > 8 {
		orientation = 1
	}
	if img.Bounds() == stored {
		if orientation == 1 && picture.Cover(img, func() bool { return ctx.Err() != nil }) {
			return img
		}
		if jpeg, ok := img.(*image.YCbCr); ok {
			if turned := orientYCbCr(ctx, jpeg, orientation); turned != nil {
				return turned
			}
		}
	}
	w, h := stored.Dx(), stored.Dy()
	seen := image.Rect(0, 0, w, h)
	if orientations[orientation].transpose {
		seen = image.Rect(0, 0, h, w)
	}
	to := image.NewNRGBA(seen)
	// Row by row: two copies of a large picture are enough. Where there is no picture, it is black.
	way, row := newWay(w, h, 4, orientation), make([]uint8, 4*w)
	part := img.Bounds().Intersect(stored)
	inside := row[4*(part.Min.X-stored.Min.X):][:4*part.Dx()]
	for y := stored.Min.Y; y < stored.Max.Y && ctx.Err() == nil; y++ {
		clear(row)
		if y >= part.Min.Y && y < part.Max.Y {
			picture.Row(inside, img, part.Min.X, y)
		}
		for i := 3; i < len(row); i += 4 {
			row[i] = 255
		}
		way.turn(to.Pix, row, y-stored.Min.Y)
	}
	return to
}

// subsamplings has the size of chroma's pixels in luma's, and what becomes of it when rows become columns.
var subsamplings = map[image.YCbCrSubsampleRatio]struct {
	x, y       int
	transposed image.YCbCrSubsampleRatio
}{
	image.YCbCrSubsampleRatio444: {1, 1, image.YCbCrSubsampleRatio444},
	image.YCbCrSubsampleRatio420: {2, 2, image.YCbCrSubsampleRatio420},
	image.YCbCrSubsampleRatio422: {2, 1, image.YCbCrSubsampleRatio440},
	image.YCbCrSubsampleRatio440: {1, 2, image.YCbCrSubsampleRatio422},
}

// orientYCbCr turns each plane. It returns nil if the picture is not a whole number of chroma's pixels, which would shift
// against luma's.
func orientYCbCr(ctx context.Context, img *image.YCbCr, orientation int) image.Image {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	c, ok := subsamplings[img.SubsampleRatio]
	if !ok || w%c.x != 0 || h%c.y != 0 || img.Rect.Min != (image.Point{}) {
		return nil
	}
	seen, ratio := img.Rect, img.SubsampleRatio
	if orientations[orientation].transpose {
		seen, ratio = image.Rect(0, 0, h, w), c.transposed
	}
	to := image.NewYCbCr(seen, ratio)
	turnPlane(ctx, to.Y, img.Y, w, h, img.YStride, orientation)
	turnPlane(ctx, to.Cb, img.Cb, w/c.x, h/c.y, img.CStride, orientation)
	turnPlane(ctx, to.Cr, img.Cr, w/c.x, h/c.y, img.CStride, orientation)
	return to
}

// turnPlane turns w × h pixels of a byte. The rows of to are dense.
func turnPlane(ctx context.Context, to, from []uint8, w, h, stride, orientation int) {
	way := newWay(w, h, 1, orientation)
	for y := 0; y < h && ctx.Err() == nil; y++ {
		way.turn(to, from[y*stride:y*stride+w], y)
	}
}

// A way is where pixels of some bytes go: from where the first one does, for each step to the right and down in the stored
// picture.
type way struct{ bytes, start, right, down int }

// newWay returns the way into an upright picture whose rows are dense.
func newWay(w, h, bytes, orientation int) way {
	o, to := orientations[orientation], way{bytes: bytes, right: bytes, down: w * bytes}
	if o.transpose {
		to.right, to.down = h*bytes, bytes
	}
	if o.mirror {
		to.start, to.right = to.start+(w-1)*to.right, -to.right
	}
	if o.flip {
		to.start, to.down = to.start+(h-1)*to.down, -to.down
	}
	return to
}

// turn puts a row of the stored picture where it goes.
func (w way) turn(to, row []uint8, y int) {
	at := w.start + y*w.down
	for x := 0; x < len(row); x += w.bytes {
		copy(to[at:at+w.bytes], row[x:x+w.bytes])
		at += w.right
	}
}
