package picture

import (
	"image"
	"image/color"
	"testing"
)

// straight are pictures that can hold a colour that is not seen.
func straight() map[string]image.Image {
	r := image.Rect(-2, 3, 5, 6)
	nrgba, wide, palette := image.NewNRGBA(r), image.NewNRGBA64(r), image.NewPaletted(r, color.Palette{color.Black, nil})
	chroma := image.NewNYCbCrA(r, image.YCbCrSubsampleRatio420)
	y, cb, cr := color.RGBToYCbCr(200, 100, 50)
	for i := range palette.Pix {
		copy(nrgba.Pix[4*i:], []uint8{200, 100, 50, uint8(i % 2 * 30)})
		copy(wide.Pix[8*i:], []uint8{200, 255, 100, 255, 50, 255, 0, uint8(i % 2 * 30)})
		palette.Pix[i] = 1
	}
	palette.Palette[1] = color.NRGBA{200, 100, 50, 0}
	for i := range chroma.Y {
		chroma.Y[i] = y
	}
	for i := range chroma.Cb {
		chroma.Cb[i], chroma.Cr[i] = cb, cr
	}
	return map[string]image.Image{"NRGBA": nrgba, "NRGBA64": wide, "Paletted": palette, "NYCbCrA": chroma, "pinned": pinned{nrgba, r}}
}

// TestHidden checks that colours that are not seen are kept, pixel by pixel and in rows.
func TestHidden(t *testing.T) {
	want := color.NRGBA{200, 100, 50, 255}
	near := func(c color.NRGBA) bool {
		d := func(a, b uint8) bool { return max(int(a)-int(b), int(b)-int(a)) <= 1 }
		return d(c.R, want.R) && d(c.G, want.G) && d(c.B, want.B) && c.A == 255
	}
	for name, img := range straight() {
		b := img.Bounds()
		row := make([]uint8, 4*b.Dx())
		for y := b.Min.Y; y < b.Max.Y; y++ {
			Row(row, img, b.Min.X, y)
			for x := range b.Dx() {
				got := color.NRGBA{row[4*x], row[4*x+1], row[4*x+2], row[4*x+3]}
				if c := Colour(img.At(b.Min.X+x, y)); !near(got) || !near(c) {
					t.Fatalf("%s: (%d, %d) is %v and %v", name, x, y, got, c)
				}
			}
		}
		if Cover(img, func() bool { return false }) && !near(color.NRGBAModel.Convert(img.At(b.Min.X, b.Min.Y)).(color.NRGBA)) {
			t.Errorf("%s: covered, it is %v", name, img.At(b.Min.X, b.Min.Y))
		}
	}
}

// TestDivided checks that alpha is divided out of colours that it is multiplied into.
func TestDivided(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 4, 1))
	img.Pix = []uint8{100, 50, 25, 128, 0, 0, 0, 0, 9, 8, 7, 255, 200, 1, 1, 100}
	want := []uint8{199, 99, 49, 255, 0, 0, 0, 255, 9, 8, 7, 255, 255, 2, 2, 255}
	row := make([]uint8, 16)
	Row(row, img, 0, 0)
	Cover(img, func() bool { return false })
	wide, high := image.NewRGBA64(img.Rect), make([]uint8, 16)
	copy(wide.Pix, []uint8{100, 0, 50, 0, 25, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 8, 0, 7, 255, 255, 255, 200, 0, 1, 0, 1, 0, 100, 0})
	Row(high, wide, 0, 0)
	for i, v := range want {
		if high[i] != v {
			t.Errorf("16 bits, byte %d: %d, want %d", i, high[i], v)
		}
		if row[i] != v || img.Pix[i] != v {
			t.Errorf("byte %d: %d and %d, want %d", i, row[i], img.Pix[i], v)
		}
	}
}

// TestOpaqueRows checks rows of opaque pictures against their pixels.
func TestOpaqueRows(t *testing.T) {
	r := image.Rect(1, 2, 12, 9)
	grey, wide, cmyk, luma := image.NewGray(r), image.NewGray16(r), image.NewCMYK(r), image.NewYCbCr(r, image.YCbCrSubsampleRatio422)
	for _, pix := range [][]uint8{grey.Pix, wide.Pix, cmyk.Pix, luma.Y, luma.Cb, luma.Cr} {
		for i := range pix {
			pix[i] = uint8(37*i + 11)
		}
	}
	for _, img := range []image.Image{grey, wide, cmyk, luma} {
		row := make([]uint8, 4*5)
		Row(row, img, 4, 5)
		for x := range 5 {
			want := color.RGBAModel.Convert(img.At(4+x, 5)).(color.RGBA)
			if got := (color.RGBA{row[4*x], row[4*x+1], row[4*x+2], row[4*x+3]}); got != want {
				t.Errorf("%T: %v, want %v", img, got, want)
			}
		}
	}
}
