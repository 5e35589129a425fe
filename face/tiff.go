package face

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/tiff"
)

// tiffConfig returns the size of a TIFF file's first picture, unless what the decoder does not look at would lead to a wrong picture
// or to much work for few pixels.
func tiffConfig(ctx context.Context, file []byte) (image.Config, error) {
	const imageWidth, imageLength, planarConfiguration, tileWidth, tileLength = 256, 257, 284, 322, 323
	if d, ok := newDirectory(file); ok {
		if planes, _ := d.number(planarConfiguration); planes == 2 {
			return image.Config{}, fmt.Errorf("channels that are stored one after the other: %w", errUnsupported)
		}
		w, _ := d.number(imageWidth)
		h, _ := d.number(imageLength)
		across, _ := d.number(tileWidth)
		down, _ := d.number(tileLength)
		if covered := tiled(w, across) * tiled(h, down); covered > 4*float64(w)*float64(h)+1<<20 {
			return image.Config{}, fmt.Errorf("tiles of %d × %d pixels for %d × %d", across, down, w, h)
		}
	}
	return tiff.DecodeConfig(readerAt{ctx, bytes.NewReader(file)})
}

var errUnsupported = errors.New("unsupported feature")

// tiled returns what tiles of a length cover.
func tiled(length, tile uint32) float64 {
	if tile == 0 {
		return float64(length)
	}
	return float64((uint64(length)+uint64(tile)-1)/uint64(tile)) * float64(tile)
}

func tiffDecode(ctx context.Context, file []byte) (image.Image, error) {
	return tiff.Decode(readerAt{ctx, bytes.NewReader(file)})
}

// A readerAt reads anywhere until its context ends, so that the decoder makes no copy of the file.
type readerAt struct {
	ctx context.Context
	*bytes.Reader
}

func (r readerAt) ReadAt(p []byte, at int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.ReadAt(p, at)
}

var _ io.ReaderAt = readerAt{}

func tiffMetadata(file []byte) metadata {
	const xmp = 700
	m := metadata{exif: file}
	if d, ok := newDirectory(file); ok {
		_, m.xmp = d.values(xmp)
	}
	return m
}
