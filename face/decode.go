package face

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
)

// What Decode takes at most.
const (
	MaxPixels = 200_000_000
	MaxBytes  = 256 << 20
)

// A format is a kind of picture file.
type format struct {
	name        string
	magic       string // ? is any byte
	config      func(file []byte) (image.Config, error)
	decode      func(file []byte) (image.Image, error)
	orientation func(file []byte) int // 1 to 8 as in EXIF
}

var formats = []format{
	{"JPEG", "\xff\xd8", reading(jpeg.DecodeConfig), reading(jpeg.Decode), jpegOrientation},
	{"PNG", "\x89PNG\r\n\x1a\n", reading(png.DecodeConfig), reading(png.Decode), pngOrientation},
	{"WebP", "RIFF????WEBP", webpConfig, webpDecode, webpOrientation},
	{"GIF", "GIF8", reading(gif.DecodeConfig), reading(gif.Decode), func([]byte) int { return 1 }},
}

// reading returns a function of a file for one of a reader.
func reading[T any](f func(io.Reader) (T, error)) func([]byte) (T, error) {
	return func(file []byte) (T, error) { return f(bytes.NewReader(file)) }
}

// Decode reads a photo: JPEG, PNG, WebP or GIF. Of an animation it takes the first picture, on a transparent canvas of the
// animation's size. It turns the photo upright as its EXIF data say. It refuses more than MaxBytes, and more than MaxPixels
// before it takes memory for them.
func Decode(r io.Reader) (image.Image, error) {
	file, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > MaxBytes {
		return nil, fmt.Errorf("photo: more than %d MiB", MaxBytes>>20)
	}
	for _, f := range formats {
		if f.is(file) {
			img, err := f.read(file)
			if err != nil {
				return nil, fmt.Errorf("photo: %s: %w", f.name, err)
			}
			return img, nil
		}
	}
	return nil, errors.New("photo: not a JPEG, PNG, WebP or GIF file; convert it to one of them")
}

func (f format) is(file []byte) bool {
	if len(file) < len(f.magic) {
		return false
	}
	for i := range f.magic {
		if f.magic[i] != '?' && f.magic[i] != file[i] {
			return false
		}
	}
	return true
}

func (f format) read(file []byte) (image.Image, error) {
	config, err := f.config(file)
	if err != nil {
		return nil, advise(err)
	}
	if config.Width <= 0 || config.Height <= 0 {
		return nil, errors.New("no pixels")
	}
	if config.Width > MaxPixels/config.Height {
		return nil, fmt.Errorf("%d × %d pixels, at most %d million are taken; shrink it", config.Width, config.Height, MaxPixels/1_000_000)
	}
	img, err := f.decode(file)
	if err != nil {
		return nil, advise(err)
	}
	return orient(onCanvas(img, image.Rect(0, 0, config.Width, config.Height)), f.orientation(file)), nil
}

// advise adds to a decoder's error what can be done.
func advise(err error) error {
	if errors.As(err, new(jpeg.UnsupportedError)) || errors.As(err, new(png.UnsupportedError)) {
		return fmt.Errorf("%w; convert it to an ordinary JPEG or PNG", err)
	}
	return fmt.Errorf("%w; the file is incomplete or damaged", err)
}

// onCanvas returns the picture where the first one of an animation, which may be a part, is shown.
func onCanvas(img image.Image, canvas image.Rectangle) image.Image {
	if img.Bounds() == canvas {
		return img
	}
	out := image.NewRGBA(canvas)
	draw.Draw(out, canvas, img, canvas.Min, draw.Src)
	return out
}
