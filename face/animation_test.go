package face

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"strings"
	"testing"

	"github.com/deepteams/webp"
)

var red, blue, black = color.NRGBA{220, 30, 30, 255}, color.NRGBA{30, 30, 220, 255}, color.NRGBA{0, 0, 0, 255}

// filled returns a picture of one colour.
func filled(w, h int, c color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = []uint8{c.R, c.G, c.B, c.A}[i%4]
	}
	return img
}

// webpChunks returns the chunks of a picture in the form that a frame has them.
func webpChunks(t testing.TB, img image.Image, lossless bool) (data []byte) {
	t.Helper()
	var file bytes.Buffer
	if err := webp.Encode(&file, img, &webp.EncoderOptions{Lossless: lossless, Quality: 90, Method: 4}); err != nil {
		t.Fatal(err)
	}
	for id, part := range chunks(file.Bytes()[riffHeader:]) {
		if id != "VP8X" {
			data = appendChunk(data, id, part)
		}
	}
	return data
}

// frame returns a frame's contents. Its size is what the header says.
func frame(at, size image.Point, chunks []byte) []byte {
	header := slices.Concat(put24(at.X/2), put24(at.Y/2), put24(size.X-1), put24(size.Y-1), make([]byte, 4))
	return append(header, chunks...)
}

// animated returns a WebP file of a canvas with frames.
func animated(w, h int, frames ...[]byte) []byte {
	file := []byte("RIFF????WEBP")
	file = appendChunk(file, "VP8X", slices.Concat([]byte{2, 0, 0, 0}, put24(w-1), put24(h-1)))
	file = appendChunk(file, "ANIM", make([]byte, 6))
	for _, f := range frames {
		file = appendChunk(file, "ANMF", f)
	}
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

func put24(v int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16)} }

// TestAnimation checks that coordinates are those of the canvas even if the first frame is a part of it.
func TestAnimation(t *testing.T) {
	at, size := image.Pt(4, 2), image.Pt(8, 6)
	second := frame(image.Point{}, image.Pt(20, 10), webpChunks(t, filled(20, 10, blue), true))
	part := image.NewPaletted(image.Rectangle{at, at.Add(size)}, color.Palette{red})
	var gifFile bytes.Buffer
	all := &gif.GIF{Image: []*image.Paletted{part}, Delay: []int{1}, Config: image.Config{Width: 20, Height: 10}}
	if err := gif.EncodeAll(&gifFile, all); err != nil {
		t.Fatal(err)
	}
	see := red
	see.A = 128
	for name, c := range map[string]struct {
		file   []byte
		around color.NRGBA
	}{
		"gif":         {gifFile.Bytes(), red}, // as Pillow: the first colour
		"lossless":    {animated(20, 10, frame(at, size, webpChunks(t, filled(8, 6, red), true)), second), black},
		"lossy":       {animated(20, 10, frame(at, size, webpChunks(t, filled(8, 6, red), false)), second), black},
		"transparent": {animated(20, 10, frame(at, size, webpChunks(t, filled(8, 6, see), false)), second), black},
	} {
		img, err := Decode(context.Background(), bytes.NewReader(c.file))
		if err != nil || img.Bounds() != image.Rect(0, 0, 20, 10) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range []image.Point{{0, 0}, {3, 2}, {4, 2}, {11, 7}, {12, 7}, {19, 9}} {
			want := c.around
			if p.In(part.Rect) {
				want = red
			}
			if _, _, _, a := img.At(p.X, p.Y).RGBA(); a != 0xffff || far(img.At(p.X, p.Y), want, 40) {
				t.Errorf("%s: %v is %v, want %v", name, p, img.At(p.X, p.Y), want)
			}
		}
	}
}

// TestEmptyFrame decodes a GIF whose only picture has no pixels.
func TestEmptyFrame(t *testing.T) {
	file := "GIF89a\x14\x00\x0a\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x01\x2c\x00;"
	img, err := Decode(context.Background(), strings.NewReader(file))
	if err != nil || img.Bounds() != image.Rect(0, 0, 20, 10) || color.RGBAModel.Convert(img.At(3, 3)) != (color.RGBA{A: 255}) {
		t.Errorf("%v", err)
	}
}

// TestFrameSize checks that frames are refused before memory is taken for them. The bomb is 16383 × 16383 pixels of one
// colour.
func TestFrameSize(t *testing.T) {
	bomb := appendChunk(nil, "VP8L", []byte("\x2f\xfe\xbf\xff\x0f\x07\xd0\x84\x26\x34\xa1\xff\x81\x88\xe8\x7f\x00"))
	large, small := image.Pt(16383, 16383), image.Pt(20, 10)
	fits := webpChunks(t, filled(8, 6, red), true)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"honest":    {animated(20, 10, frame(image.Point{}, large, bomb)), "16383 × 16383"},
		"lying":     {animated(20, 10, frame(image.Point{}, small, bomb)), "16383 × 16383"},
		"nested":    {animated(20, 10, frame(image.Point{}, small, animated(20, 10, frame(image.Point{}, small, bomb))[riffHeader+18:])), "no image"},
		"right":     {animated(20, 10, frame(image.Pt(14, 0), image.Pt(8, 6), fits)), "8 × 6 pixels at (14,0)"},
		"below":     {animated(20, 10, frame(image.Pt(0, 6), image.Pt(8, 6), fits)), "8 × 6 pixels at (0,6)"},
		"far":       {animated(20, 10, frame(image.Pt(1<<24, 1<<24), image.Pt(8, 6), fits)), "8 × 6 pixels"},
		"no frame":  {animated(20, 10), "no image"},
		"no pixels": {animated(20, 10, frame(image.Point{}, small, nil)), "no image"},
	} {
		if _, err := Decode(context.Background(), bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}
