// Package picture is the door for pictures that callers hand in. They are of any implementation of image.Image, and what its
// methods do is not trusted: it leads to an error, never to a crash.
package picture

import (
	"errors"
	"fmt"
	"image"
)

// MaxPixels is what a photo may have at most, all of which is searched.
const MaxPixels = 200_000_000

// farthest is what a coordinate may be at most: sums of them do not overflow, and as float64 they are exact.
const farthest = 1 << 30

// Admit returns img with bounds that stay as they are, or an error if it is nil or has more than most pixels.
func Admit(img image.Image, most int) (admitted image.Image, err error) {
	err = Guard(func() error {
		if img == nil {
			return errors.New("is nil")
		}
		b := img.Bounds()
		if !b.Empty() && (b.Dx() <= 0 || b.Dy() <= 0 || b.Dx() > most/b.Dy()) { // bounds may be so wide that Dx overflows
			return fmt.Errorf("is %v, at most %d million pixels are possible", b, most/1_000_000)
		}
		if !b.In(image.Rect(-farthest, -farthest, farthest, farthest)) {
			return fmt.Errorf("is %v, coordinates are possible up to %d", b, farthest)
		}
		admitted = pin(img, b)
		return nil
	})
	return admitted, err
}

// A pinned picture has the bounds of when it was admitted.
type pinned struct {
	image.Image
	bounds image.Rectangle
}

func (p pinned) Bounds() image.Rectangle { return p.bounds }

// pin pins the bounds of a picture. Those of the standard library, which package draw is fast for, have theirs in a field.
func pin(img image.Image, b image.Rectangle) image.Image {
	switch img.(type) {
	case pinned, *image.Alpha, *image.Alpha16, *image.CMYK, *image.Gray, *image.Gray16, *image.NRGBA, *image.NRGBA64,
		*image.NYCbCrA, *image.Paletted, *image.RGBA, *image.RGBA64, *image.YCbCr:
		return img
	}
	return pinned{img, b}
}

// Guard runs f, which reads a picture. A panic of f is an error: a caller's picture may have fewer pixels than it says.
func Guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("reading the image panics: %v", r)
		}
	}()
	return f()
}
