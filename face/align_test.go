package face

import (
	"context"
	"image"
	"image/color"
	"math"
	"testing"
)

func aligned(t *testing.T, img image.Image, f Face) *image.NRGBA {
	t.Helper()
	crop, err := Align(context.Background(), img, f)
	if err != nil {
		t.Fatal(err)
	}
	return crop
}

// TestAlignExact checks that a crop that is already one stays what it is, and opaque.
func TestAlignExact(t *testing.T) {
	img := samples(t)[0].img
	crop := aligned(t, img, at(0, 0, Size))
	for y := range Size {
		for x := range Size {
			if far(crop.At(x, y), img.At(x, y), 1) {
				t.Fatalf("(%d, %d): %v, want %v", x, y, crop.At(x, y), img.At(x, y))
			}
		}
	}
}

// TestAlignRamp checks Transform's convention: over a linear ramp the crop has the ramp's value at the transform's
// position, shrunk or enlarged, turned or not.
func TestAlignRamp(t *testing.T) {
	img := image.NewGray16(image.Rect(0, 0, 1200, 1200))
	for y := range 1200 {
		for x := range 1200 {
			img.SetGray16(x, y, color.Gray16{uint16(20*x + 30*y)})
		}
	}
	for _, side := range []float64{100, 448, 700} {
		for _, roll := range []float64{0, 30, -45} {
			sin, cos := math.Sincos(roll * math.Pi / 180)
			s := similarity{a: side / Size * cos, b: side / Size * sin}
			middle := s.at(Point{Size / 2, Size / 2})
			s.x, s.y = 600-middle.X, 600-middle.Y
			var f Face
			for i, p := range Template {
				f.Points[i] = s.at(p)
			}
			crop, m := aligned(t, img, f), f.Transform()
			for _, p := range []image.Point{{0, 0}, {447, 3}, {200, 300}, {5, 440}} {
				x, y := float64(p.X), float64(p.Y)
				want := (20*(m[0]*x+m[1]*y+m[2]) + 30*(m[3]*x+m[4]*y+m[5])) / 257
				if got := float64(crop.NRGBAAt(p.X, p.Y).R); math.Abs(got-want) > 1.2 {
					t.Errorf("side %.0f, roll %.0f, %v: %.1f, want %.1f", side, roll, p, got, want)
				}
			}
		}
	}
}

// TestAlignAverages checks that shrinking averages: a fine chessboard becomes grey.
func TestAlignAverages(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1800, 1800))
	for i := range img.Pix {
		img.Pix[i] = uint8(255 * ((i%1800 + i/1800) % 2))
	}
	crop := aligned(t, img, at(3, 3, 1790))
	for i, v := range crop.Pix {
		if i%4 != 3 && (v < 120 || v > 136) {
			t.Fatalf("byte %d is %d", i, v)
		}
	}
}

// TestAlignOutside checks that what is outside of the photo has its edge's colour.
func TestAlignOutside(t *testing.T) {
	img := image.NewGray(image.Rect(10, 10, 60, 60))
	for i := range img.Pix {
		img.Pix[i] = 200
	}
	crop := aligned(t, img, at(-30, -30, 200))
	for i, v := range crop.Pix {
		if i%4 != 3 && v != 200 {
			t.Fatalf("byte %d is %d", i, v)
		}
	}
}

// TestAlignAlpha checks that the colours of pixels count alike, whatever their alpha.
func TestAlignAlpha(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, Size, Size))
	for i := range Size * Size {
		copy(img.Pix[4*i:], []uint8{100, 200, 50, 0})
		if i%2 == 0 {
			copy(img.Pix[4*i:], []uint8{200, 100, 50, 128})
		}
	}
	crop := aligned(t, img, at(0.5, 0, Size)) // half-way between a visible and an invisible one
	if got := crop.NRGBAAt(100, 100); far(got, color.NRGBA{150, 150, 50, 255}, 1) {
		t.Errorf("got %v", got)
	}
}
