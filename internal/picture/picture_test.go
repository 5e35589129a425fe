package picture

import (
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
)

// An odd picture has bounds of its own, which may change.
type odd func() image.Rectangle

func (odd) ColorModel() color.Model   { return color.GrayModel }
func (o odd) Bounds() image.Rectangle { return o() }
func (odd) At(x, y int) color.Color   { return color.Black }

func TestAdmit(t *testing.T) {
	wide := func() image.Rectangle { return image.Rect(math.MinInt, 0, math.MaxInt, 1) }
	for _, c := range []struct {
		img  image.Image
		want string // in the error; empty: none
	}{
		{nil, "nil"},
		{(*image.RGBA)(nil), "panics"},
		{odd(func() image.Rectangle { panic("no") }), "no"},
		{odd(wide), "200 million"},
		{image.NewUniform(color.Black), "200 million"},
		{&image.Gray{Rect: image.Rect(0, 0, MaxPixels+1, 1)}, "200 million"},
		{&image.Gray{Rect: image.Rect(math.MaxInt-8, 0, math.MaxInt, 8)}, "coordinates"},
		{&image.Gray{Rect: image.Rect(0, 0, MaxPixels, 1)}, ""},
		{&image.Gray{Rect: image.Rectangle{Min: image.Pt(1, 1)}}, ""},
		{&image.Gray{}, ""},
	} {
		img, err := Admit(c.img, MaxPixels)
		if c.want == "" && (err != nil || img != c.img) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%T: %v, %v, want %q", c.img, img, err, c.want)
		}
	}
}

// TestPinned checks that a picture keeps the bounds that it was admitted with.
func TestPinned(t *testing.T) {
	side := 5
	img, err := Admit(odd(func() image.Rectangle { side++; return image.Rect(0, 0, side, side) }), MaxPixels)
	if err != nil {
		t.Fatal(err)
	}
	if first := img.Bounds(); first != image.Rect(0, 0, 6, 6) || img.Bounds() != first {
		t.Errorf("bounds %v, then %v", first, img.Bounds())
	}
}
