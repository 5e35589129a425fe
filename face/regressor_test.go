package face

import (
	"context"
	"image"
	"math"
	"testing"

	pigo "github.com/esimov/pigo/core"
)

// TestRegressor compares with pigo, which starts at random and rounds to pixels.
func TestRegressor(t *testing.T) {
	eye, err := pigo.NewPuplocCascade().UnpackCascade(eyeFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples(t) {
		img := grey(context.Background(), s.img)
		for i, mirrored := range []bool{false, true} {
			guess := image.Pt(int(Template[i].X)+5, int(Template[i].Y)-5)
			got, spread := cascades().eye.locate(img, Point{float64(guess.X), float64(guess.Y)}, 100, mirrored)
			want := eye.RunDetector(pigo.Puploc{Row: guess.Y, Col: guess.X, Scale: 100, Perturbs: 63},
				pigo.ImageParams{Pixels: img.Pix, Rows: Size, Cols: Size, Dim: img.Stride}, 0, mirrored)
			if d := math.Hypot(got.X-float64(want.Col), got.Y-float64(want.Row)); d > 3+spread {
				t.Errorf("%s, eye %d: %.1f, pigo has (%d, %d)", s.name, i, got, want.Col, want.Row)
			}
		}
	}
}
