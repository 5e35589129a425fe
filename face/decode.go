package face

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"

	"github.com/faceclip-go/faceclip-go/internal/picture"
)

// What Decode takes at most.
const (
	MaxPixels = picture.MaxPixels // half of it with 16 bits a channel
	MaxBytes  = 256 << 20
	MaxWork   = 20 * MaxPixels // pixels times scans, each of which may go over all of a JPEG
)

// A format is a kind of picture file.
type format struct {
	name        string
	magic       string // ? is any byte
	config      func(ctx context.Context, file []byte) (image.Config, error)
	decode      func(ctx context.Context, file []byte) (image.Image, error)
	orientation func(file []byte) int // 1 to 8 as in EXIF
}

var formats = []format{
	{"JPEG", "\xff\xd8", jpegConfig, reading(jpeg.Decode), jpegOrientation},
	{"PNG", "\x89PNG\r\n\x1a\n", reading(png.DecodeConfig), reading(png.Decode), pngOrientation},
	{"WebP", "RIFF????WEBP", webpConfig, webpDecode, webpOrientation},
	{"GIF", "GIF8", reading(gif.DecodeConfig), reading(gif.Decode), func([]byte) int { return 1 }},
}

// reading returns a function of a file for one of a reader, which can read until the context ends.
func reading[T any](f func(io.Reader) (T, error)) func(context.Context, []byte) (T, error) {
	return func(ctx context.Context, file []byte) (T, error) { return f(reader{ctx, bytes.NewReader(file)}) }
}

// A reader reads until its context ends.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// Decode reads a photo: JPEG, PNG, WebP or GIF. Of an animation it takes the first picture, on a transparent canvas of the
// animation's size. It turns the photo upright as its EXIF data say. It refuses more than MaxBytes, and more than MaxPixels
// or MaxWork before it takes memory for them. Once the context ends it waits for nothing but r; decoding, which hears no context
// between two reads of the file, may go on for a moment.
func Decode(ctx context.Context, r io.Reader) (image.Image, error) {
	pieces, err := readPieces(ctx, r)
	if err != nil {
		return nil, err
	}
	img, err := aside(ctx, func() (image.Image, error) { return decode(ctx, slices.Concat(pieces...)) })
	switch {
	case ctx.Err() != nil: // whatever came of it
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("photo: %w", err)
	}
	return img, nil
}

// readPieces reads a file. To put its pieces together may take longer than a cancelled call may.
func readPieces(ctx context.Context, r io.Reader) (pieces [][]byte, err error) {
	for size := int64(0); size <= MaxBytes; {
		var piece bytes.Buffer
		n, err := io.CopyN(&piece, reader{ctx, r}, 1<<20)
		pieces, size = append(pieces, piece.Bytes()), size+n
		switch {
		case err == io.EOF && size <= MaxBytes:
			return pieces, nil
		case err != nil && err != io.EOF:
			return nil, err
		}
	}
	return nil, fmt.Errorf("photo: more than %d MiB", MaxBytes>>20)
}

func decode(ctx context.Context, file []byte) (image.Image, error) {
	for _, f := range formats {
		if !f.is(file) {
			continue
		}
		img, err := f.read(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		return img, nil
	}
	return nil, errors.New("not a JPEG, PNG, WebP or GIF file; convert it to one of them")
}

// aside runs f on a goroutine of its own, and leaves it alone once the context ends.
func aside(ctx context.Context, f func() (image.Image, error)) (image.Image, error) {
	type result struct {
		img image.Image
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.err = picture.Guard(func() (err error) {
			r.img, err = f()
			return err
		})
		done <- r
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		return r.img, r.err
	}
}

// jpegConfig returns the size of a JPEG file, unless it has so many scans that decoding it takes out of all proportion.
func jpegConfig(ctx context.Context, file []byte) (image.Config, error) {
	config, err := reading(jpeg.DecodeConfig)(ctx, file)
	if err != nil {
		return config, err
	}
	scans := 0
	for marker := range segments(file) {
		if marker == startOfScan {
			scans++
		}
	}
	if scans > 1 && config.Width*config.Height > MaxWork/scans {
		return config, fmt.Errorf("%d × %d pixels in %d scans", config.Width, config.Height, scans)
	}
	return config, nil
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

func (f format) read(ctx context.Context, file []byte) (image.Image, error) {
	config, err := f.config(ctx, file)
	if err != nil {
		return nil, advise(err)
	}
	if config.Width <= 0 || config.Height <= 0 {
		return nil, errors.New("no pixels")
	}
	most := MaxPixels
	if m := config.ColorModel; m == color.NRGBA64Model || m == color.RGBA64Model || m == color.Gray16Model {
		most /= 2
	}
	if config.Width > most/config.Height {
		return nil, fmt.Errorf("%d × %d pixels, at most %d million are taken; shrink it", config.Width, config.Height, most/1_000_000)
	}
	img, err := f.decode(ctx, file)
	if err != nil {
		return nil, advise(err)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return upright(ctx, img, image.Rect(0, 0, config.Width, config.Height), f.orientation(file)), nil
}

// advise adds to a decoder's error what can be done.
func advise(err error) error {
	if errors.As(err, new(jpeg.UnsupportedError)) || errors.As(err, new(png.UnsupportedError)) {
		return fmt.Errorf("%w; convert it to an ordinary JPEG or PNG", err)
	}
	return fmt.Errorf("%w; the file is incomplete or damaged", err)
}
