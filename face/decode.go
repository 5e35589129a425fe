package face

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/deepteams/webp"
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
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
	orientation func(file []byte) int // 1 to 8 as in EXIF
}

var formats = []format{
	{"JPEG", "\xff\xd8", jpeg.DecodeConfig, jpeg.Decode, jpegOrientation},
	{"PNG", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode, pngOrientation},
	{"WebP", "RIFF????WEBP", webp.DecodeConfig, webp.Decode, webpOrientation},
	{"GIF", "GIF8", gif.DecodeConfig, gif.Decode, func([]byte) int { return 1 }},
}

// Decode reads a photo: JPEG, PNG, WebP or GIF, of which it takes the first picture. It turns the photo upright as its
// EXIF data say. It refuses more than MaxBytes, and more than MaxPixels before it takes memory for them.
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
	config, err := f.config(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	if config.Width <= 0 || config.Height <= 0 {
		return nil, errors.New("no pixels")
	}
	if config.Width > MaxPixels/config.Height {
		return nil, fmt.Errorf("%d × %d pixels, at most %d million are taken; shrink it", config.Width, config.Height, MaxPixels/1_000_000)
	}
	img, err := f.decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return orient(img, f.orientation(file)), nil
}
