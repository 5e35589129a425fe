package face

import (
	"bytes"
	"compress/lzw"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
)

// A gifFrame is the first picture of a GIF file. The standard library's decoder forgets the colour of what is transparent, and
// refuses pictures that are larger than the file's canvas, and data that are more than the picture's.
type gifFrame struct {
	area       image.Rectangle
	canvas     image.Point // which the picture is on
	palette    color.Palette
	empty      uint8 // the colour of the canvas where the picture is not
	interlaced bool
	bits       int       // of the first codes
	data       io.Reader // pieces with their lengths
}

func gifConfig(ctx context.Context, file []byte) (image.Config, error) {
	f, err := newGIFFrame(reader{ctx, bytes.NewReader(file)})
	return image.Config{ColorModel: f.palette, Width: f.canvas.X, Height: f.canvas.Y}, err
}

func gifDecode(ctx context.Context, file []byte) (image.Image, error) {
	f, err := newGIFFrame(reader{ctx, bytes.NewReader(file)})
	if err != nil {
		return nil, err
	}
	img := image.NewPaletted(image.Rectangle{Max: f.canvas}, f.palette)
	if f.empty != 0 && f.area != img.Rect {
		for i := range img.Pix {
			img.Pix[i] = f.empty
		}
	}
	if f.area.Empty() {
		return img, nil
	}
	codes := lzw.NewReader(&gifData{from: f.data}, lzw.LSB, f.bits)
	defer codes.Close()
	for _, pass := range f.passes() {
		for y := f.area.Min.Y + pass[0]; y < f.area.Max.Y; y += pass[1] {
			if _, err := io.ReadFull(codes, img.Pix[img.PixOffset(f.area.Min.X, y):][:f.area.Dx()]); err != nil {
				return nil, err
			}
		}
	}
	return img, nil
}

// passes returns the first row and the step to the next one, of each pass.
func (f gifFrame) passes() [][2]int {
	if f.interlaced {
		return [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
	}
	return [][2]int{{0, 1}}
}

// newGIFFrame reads a file up to the data of its first picture.
func newGIFFrame(r io.Reader) (f gifFrame, err error) {
	var header [13]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return f, err
	}
	word := func(at []byte) int { return int(binary.LittleEndian.Uint16(at)) }
	f.canvas = image.Pt(word(header[6:]), word(header[8:]))
	if f.palette, err = gifPalette(r, header[10]); err != nil {
		return f, err
	}
	if f.empty, err = gifExtensions(r); err != nil {
		return f, err
	}
	var place [9]byte
	if _, err := io.ReadFull(r, place[:]); err != nil {
		return f, err
	}
	at, flags := image.Pt(word(place[0:]), word(place[2:])), place[8]
	f.area = image.Rectangle{at, at.Add(image.Pt(word(place[4:]), word(place[6:])))}
	f.canvas = image.Pt(max(f.canvas.X, f.area.Max.X), max(f.canvas.Y, f.area.Max.Y))
	f.interlaced = flags&0x40 != 0
	own, err := gifPalette(r, flags)
	if err != nil {
		return f, err
	}
	if own != nil {
		f.palette = own
	}
	f.complete()
	var bits [1]byte
	if _, err := io.ReadFull(r, bits[:]); err != nil {
		return f, err
	}
	f.bits, f.data = int(bits[0]), r
	return f, nil
}

// complete gives each value of a pixel a colour: black where the palette ends, and grey if there is none.
func (f *gifFrame) complete() {
	grey := f.palette == nil
	for i := len(f.palette); i < 256; i++ {
		c := color.RGBA{A: 255}
		if grey {
			c = color.RGBA{uint8(i), uint8(i), uint8(i), 255}
		}
		f.palette = append(f.palette, c)
	}
}

// gifPalette reads the palette that flags announce, nil if they do not.
func gifPalette(r io.Reader, flags byte) (palette color.Palette, err error) {
	if flags&0x80 == 0 {
		return nil, nil
	}
	table := make([]byte, 3<<(flags&7+1))
	if _, err := io.ReadFull(r, table); err != nil {
		return nil, err
	}
	for i := 0; i < len(table); i += 3 {
		palette = append(palette, color.RGBA{table[i], table[i+1], table[i+2], 255})
	}
	return palette, nil
}

// gifExtensions reads what is before a picture. It returns the value of transparent pixels, 0 if there is none.
func gifExtensions(r io.Reader) (transparent byte, err error) {
	var b [2]byte
	for {
		if _, err := io.ReadFull(r, b[:1]); err != nil {
			return 0, err
		}
		switch b[0] {
		case ',':
			return transparent, nil
		case ';':
			return 0, errors.New("no picture")
		case '!':
		default: // some programs leave bytes between
			continue
		}
		if _, err := io.ReadFull(r, b[1:]); err != nil {
			return 0, err
		}
		content := &gifData{from: r}
		var control [4]byte
		n, _ := io.ReadFull(content, control[:])
		if b[1] == 0xf9 && n == len(control) && control[0]&1 != 0 {
			transparent = control[3]
		}
		if _, err := io.Copy(io.Discard, content); err != nil {
			return 0, err
		}
	}
}

// gifData reads pieces of up to 255 bytes after their length, up to an empty one.
type gifData struct {
	from  io.Reader
	left  []byte
	piece [255]byte
	ended bool
}

func (d *gifData) Read(p []byte) (int, error) {
	for len(d.left) == 0 {
		if d.ended {
			return 0, io.EOF
		}
		if _, err := io.ReadFull(d.from, d.piece[:1]); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		d.left = d.piece[:d.piece[0]]
		d.ended = len(d.left) == 0
		if _, err := io.ReadFull(d.from, d.left); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
	}
	n := copy(p, d.left)
	d.left = d.left[n:]
	return n, nil
}
