package faceclip

import (
	"context"
	"errors"
	"image"
	"image/color"
	"io/fs"
	"math"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/mini"
)

// An odd picture has methods of its own.
type odd struct {
	bounds func() image.Rectangle
	at     func(x, y int) color.Color
}

func (odd) ColorModel() color.Model   { return color.NRGBAModel }
func (o odd) Bounds() image.Rectangle { return o.bounds() }
func (o odd) At(x, y int) color.Color { return o.at(x, y) }

// hostile returns pictures of side×side pixels that are not what they say.
func hostile(side int) map[string]image.Image {
	r := image.Rect(0, 0, side, side)
	is := func() image.Rectangle { return r }
	black := func(int, int) color.Color { return color.Black }
	short, colourless := image.NewYCbCr(r, image.YCbCrSubsampleRatio420), image.NewYCbCr(r, image.YCbCrSubsampleRatio444)
	short.Y = short.Y[:len(short.Y)-1]
	colourless.Cb = nil
	paletted := image.NewPaletted(r, color.Palette{color.Black})
	for i := range paletted.Pix {
		paletted.Pix[i] = 1
	}
	calls := 0
	return map[string]image.Image{
		"nil":                          nil,
		"a nil pointer":                (*image.Gray)(nil),
		"ten bytes of grey":            &image.Gray{Pix: make([]byte, 10), Stride: side, Rect: r},
		"no bytes":                     &image.NRGBA{Stride: 4 * side, Rect: r},
		"rows that go backwards":       &image.Gray{Pix: make([]byte, side*side), Stride: -side, Rect: r},
		"rows that are too far apart":  &image.RGBA{Pix: make([]byte, 4*side*side), Stride: math.MaxInt / 2, Rect: r},
		"a last row of luma cut short": short,
		"no chroma":                    colourless,
		"a palette without its colour": paletted,
		"no end":                       image.NewUniform(color.White),
		"bounds beyond an int":         odd{func() image.Rectangle { return image.Rect(math.MinInt, math.MinInt, math.MaxInt, math.MaxInt) }, black},
		"bounds that panic":            odd{func() image.Rectangle { panic("bounds") }, black},
		"pixels that panic":            odd{is, func(int, int) color.Color { panic("at") }},
		"pixels without a colour":      odd{is, func(int, int) color.Color { return nil }},
		"bounds that grow": odd{func() image.Rectangle {
			calls++
			return image.Rect(0, 0, side*calls, side<<min(calls-1, 60))
		}, black},
	}
}

// TestHostilePictures checks that no picture that a caller hands in ends the process, whichever goroutine reads it. None shows a
// face, so as a photo each is an error, which names the field.
func TestHostilePictures(t *testing.T) {
	p := openMini(t, nil)
	for _, side := range []int{40, 449} { // halves of the smaller one, or without the last row, are not looked at first
		for name := range hostile(side) {
			for field, set := range map[string]func(*Request, image.Image){
				"Photo":  func(r *Request, img image.Image) { r.Photo = img },
				"Photos": func(r *Request, img image.Image) { r.Photos = []image.Image{img, img} },
				"Face":   func(r *Request, img image.Image) { r.Face = img },
			} {
				r := small()
				set(r, hostile(side)[name])
				if r.Face == nil && r.Photo == nil && r.Photos == nil { // a nil is nobody
					continue
				}
				_, err := p.Generate(context.Background(), r)
				var wrong *RequestError
				if ok := errors.As(err, &wrong) && strings.HasPrefix(wrong.Field, field); !ok && (field != "Face" || err != nil) {
					t.Errorf("%s, %s of %d: %v", field, name, side, err)
				}
			}
		}
	}
	generate(t, p, small()) // after all that
}

// A boaster is a file system whose weights say that they have so many bytes.
type boaster struct {
	fs.FS
	size int64
}

func (b boaster) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	if err == nil && strings.HasSuffix(name, ".safetensors") {
		f = boasting{f, b.size}
	}
	return f, err
}

type boasting struct {
	fs.File
	size int64
}

func (b boasting) Stat() (fs.FileInfo, error) {
	info, err := b.File.Stat()
	return boast{info, b.size}, err
}

type boast struct {
	fs.FileInfo
	size int64
}

func (b boast) Size() int64 { return b.size }

// TestBoastingFiles checks that no memory is taken for what a file only says that it has, and that a file that cannot be mapped
// keeps within the limit.
func TestBoastingFiles(t *testing.T) {
	for _, size := range []int64{-1, 10 << 20, 1 << 37, math.MaxInt64} {
		_, err := OpenFS(context.Background(), boaster{mini.Random(mini.SDXL), size}, &Options{Memory: 64 << 20, Workers: 1})
		var memory *backend.MemoryError
		if err == nil || !strings.Contains(err.Error(), ".safetensors") || size > 64<<20 && !errors.As(err, &memory) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	_, err := OpenFS(context.Background(), mini.Random(mini.SDXL), &Options{Memory: 5 << 20, Workers: 1})
	var memory *backend.MemoryError
	if !errors.As(err, &memory) || memory.Have > 5<<20 || memory.Need <= memory.Have {
		t.Errorf("honest files: %v", err)
	}
}
