package face

import (
	"image"
	"image/draw"
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

// orient returns the upright picture. A JPEG's stays in luma and chroma where the chroma's grid fits.
func orient(img image.Image, orientation int) image.Image {
	if orientation <= 1 || orientation > 8 {
		return img
	}
	if jpeg, ok := img.(*image.YCbCr); ok {
		if turned := orientYCbCr(jpeg, orientation); turned != nil {
			return turned
		}
	}
	b := img.Bounds()
	from := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(from, from.Rect, img, b.Min, draw.Src)
	w, h := b.Dx(), b.Dy()
	if orientations[orientation].transpose {
		w, h = h, w
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	turnPlane(to.Pix, from.Pix, b.Dx(), b.Dy(), 4, from.Stride, orientation)
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
func orientYCbCr(img *image.YCbCr, orientation int) image.Image {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	c, ok := subsamplings[img.SubsampleRatio]
	if !ok || w%c.x != 0 || h%c.y != 0 || img.Rect.Min != (image.Point{}) {
		return nil
	}
	to := image.NewYCbCr(img.Rect, img.SubsampleRatio)
	if orientations[orientation].transpose {
		to = image.NewYCbCr(image.Rect(0, 0, h, w), c.transposed)
	}
	turnPlane(to.Y, img.Y, w, h, 1, img.YStride, orientation)
	turnPlane(to.Cb, img.Cb, w/c.x, h/c.y, 1, img.CStride, orientation)
	turnPlane(to.Cr, img.Cr, w/c.x, h/c.y, 1, img.CStride, orientation)
	return to
}

// turnPlane turns w × h pixels of some bytes. The rows of to are dense.
func turnPlane(to, from []uint8, w, h, bytes, stride, orientation int) {
	o := orientations[orientation]
	right, down, start := bytes, w*bytes, 0 // in to, for each step in from
	if o.transpose {
		right, down = h*bytes, bytes
	}
	if o.mirror {
		start, right = start+(w-1)*right, -right
	}
	if o.flip {
		start, down = start+(h-1)*down, -down
	}
	for y := range h {
		row, at := from[y*stride:y*stride+w*bytes], start+y*down
		for x := 0; x < len(row); x += bytes {
			copy(to[at:at+bytes], row[x:x+bytes])
			at += right
		}
	}
}
