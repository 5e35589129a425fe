package cli

import (
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/internal/atomicfile"
)

// A format is a way to write pictures.
type format struct {
	generated func(io.Writer, image.Image, faceclip.Metadata) error
	plain     func(io.Writer, image.Image) error
}

var (
	asPNG  = format{faceclip.WritePNG, png.Encode}
	asJPEG = format{faceclip.WriteJPEG, func(w io.Writer, img image.Image) error { return jpeg.Encode(w, img, &jpeg.Options{Quality: 95}) }}
)

// formatOf returns the format that the ending of a file's name says. What is no file, such as /dev/stdout, gets a PNG.
func formatOf(file string) (format, error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".png":
		return asPNG, nil
	case ".jpg", ".jpeg":
		return asJPEG, nil
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return asPNG, nil
	}
	return format{}, fmt.Errorf("the name of a picture ends in .png, .jpg or .jpeg, not as %q", file)
}

// TryPicture finds out whether a picture could be written to a file, before there is one.
func TryPicture(file string) error {
	if _, err := formatOf(file); err != nil {
		return err
	}
	return atomicfile.Try(file)
}

// WriteGenerated writes a generated picture, as its file's ending says. The file appears when it is complete.
func WriteGenerated(file string, img image.Image, m faceclip.Metadata) error {
	return write(file, func(f format, w io.Writer) error { return f.generated(w, img, m) })
}

// WritePicture writes a picture that was not generated.
func WritePicture(file string, img image.Image) error {
	return write(file, func(f format, w io.Writer) error { return f.plain(w, img) })
}

func write(file string, as func(format, io.Writer) error) error {
	f, err := formatOf(file)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(file, func(w io.Writer) error { return as(f, w) }); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
