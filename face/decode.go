package face

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strconv"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/faceclip-go/faceclip-go/internal/picture"
)

// What Decode takes at most.
const (
	MaxPixels = picture.MaxPixels // half of it with 16 bits a channel or of a TIFF, a quarter with both
	MaxBytes  = 256 << 20
	MaxWork   = 20 * MaxPixels // pixels times scans, each of which may go over all of a JPEG
)

// A format is a kind of picture file.
type format struct {
	name     string
	magic    string // ? is any byte
	config   func(ctx context.Context, file []byte) (image.Config, error)
	decode   func(ctx context.Context, file []byte) (image.Image, error)
	metadata func(file []byte) metadata
	weight   int // by which pixels count more than those of other formats, since they take more memory
}

var formats = []format{
	{"JPEG", "\xff\xd8", jpegConfig, jpegDecode, jpegMetadata, 1},
	{"PNG", pngSignature, pngConfig, pngDecode, pngMetadata, 1},
	{"WebP", "RIFF????WEBP", webpConfig, webpDecode, webpMetadata, 1},
	{"GIF", "GIF8", gifConfig, gifDecode, noMetadata, 1},
	{"TIFF", "II*\x00", tiffConfig, tiffDecode, tiffMetadata, 2},
	{"TIFF", "MM\x00*", tiffConfig, tiffDecode, tiffMetadata, 2},
	{"BMP", "BM????\x00\x00\x00\x00", reading(bmp.DecodeConfig), reading(bmp.Decode), noMetadata, 1},
}

func noMetadata([]byte) metadata { return metadata{} }

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

// Decode reads a photo: JPEG, PNG, WebP, GIF, TIFF or BMP. It turns the photo upright as its EXIF or XMP data say, and drops its
// alpha: colours are those that are stored, whether they are seen or not. Of an animation it takes the first picture, on a canvas
// of the animation's size. It refuses more than MaxBytes, and more than MaxPixels or MaxWork before it takes memory for them.
//
// What is wrong with the file is a [DecodeError]; other errors are those of r and of the context. Once the context ends Decode
// waits for nothing but r; decoding, which hears no context between two reads of the file, may go on for a moment.
func Decode(ctx context.Context, r io.Reader) (image.Image, error) {
	return DecodeMax(ctx, r, MaxPixels)
}

// DecodeMax is [Decode] with another limit of pixels, MaxPixels at most. With 16 bits a channel, or in a TIFF file, a pixel counts
// twice, with both four times. Decoding takes up to 29 bytes for each pixel of the limit, and three times the file.
func DecodeMax(ctx context.Context, r io.Reader, pixels int) (image.Image, error) {
	pieces, err := readPieces(ctx, r)
	if err != nil {
		return nil, err
	}
	img, err := aside(ctx, func() (image.Image, error) { return decode(ctx, slices.Concat(pieces...), min(pixels, MaxPixels)) })
	switch {
	case ctx.Err() != nil: // whatever came of it
		return nil, ctx.Err()
	case err != nil && !errors.As(err, new(DecodeError)): // a panic
		return nil, DecodeError{"", err}
	case err != nil:
		return nil, err
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
	return nil, DecodeError{"", fmt.Errorf("more than %d MiB", MaxBytes>>20)}
}

func decode(ctx context.Context, file []byte, pixels int) (image.Image, error) {
	for _, f := range formats {
		if !f.is(file) {
			continue
		}
		img, err := f.read(ctx, file, pixels)
		if err != nil {
			return nil, DecodeError{f.name, err}
		}
		return img, nil
	}
	return nil, unread(file)
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

func (f format) read(ctx context.Context, file []byte, pixels int) (image.Image, error) {
	config, err := f.config(ctx, file)
	if err != nil {
		return nil, advise(err)
	}
	if config.Width <= 0 || config.Height <= 0 {
		return nil, errors.New("no pixels")
	}
	most := pixels / f.weight
	if m := config.ColorModel; m == color.NRGBA64Model || m == color.RGBA64Model || m == color.Gray16Model {
		most /= 2
	}
	if config.Width > most/config.Height {
		return nil, fmt.Errorf("%d × %d pixels, at most %s are taken; shrink it", config.Width, config.Height, inWords(most))
	}
	img, err := f.decode(ctx, file)
	if err != nil {
		return nil, advise(err)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return upright(ctx, img, image.Rect(0, 0, config.Width, config.Height), f.metadata(file).orientation()), nil
}

func inWords(pixels int) string {
	if pixels < 1_000_000 {
		return strconv.Itoa(pixels)
	}
	return fmt.Sprintf("%.4g million", float64(pixels)/1e6)
}

// advise adds to a decoder's error what can be done.
func advise(err error) error {
	switch {
	case errors.As(err, new(jpeg.UnsupportedError)), errors.As(err, new(png.UnsupportedError)), errors.As(err, new(tiff.UnsupportedError)),
		errors.Is(err, bmp.ErrUnsupported), errors.Is(err, errUnsupported):
		return fmt.Errorf("%w; convert it to an ordinary JPEG or PNG", err)
	}
	return fmt.Errorf("%w; the file is incomplete or damaged", err)
}
