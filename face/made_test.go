package face

import (
	"context"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// madeFaces returns faces that Find never makes.
func madeFaces() []Face {
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, 1e18, -1e18, 1e15, 1e9, -1, 0, 5e-324, 100}
	all := []Face{{}, at(1e12, -1e12, 100), at(0, 0, 1e12), at(10, 10, 1e-9), at(10, 10, -100), at(1e18, 0, 40), at(-1e19, 1e19, 40)}
	for _, v := range values {
		all = append(all, at(v, 0, 100), at(0, v, 100), at(0, 0, v))
	}
	r := rand.New(rand.NewPCG(1, 8))
	for range 100 {
		f := at(10, 10, 100)
		for range 1 + r.IntN(4) {
			f.Points[r.IntN(5)].X, f.Points[r.IntN(5)].Y = values[r.IntN(len(values))], values[r.IntN(len(values))]
		}
		f.Box = image.Rect(r.Int(), -r.Int(), -r.Int(), r.Int())
		all = append(all, f)
	}
	return all
}

// TestMadeFaces checks that a face that Find never made leads to an error or to some crop, soon, in photos of any shape.
func TestMadeFaces(t *testing.T) {
	faces := madeFaces()
	for _, r := range []image.Rectangle{
		image.Rect(0, 0, 300, 200), image.Rect(0, 0, 5_000_000, 1), image.Rect(0, 0, 1, 5_000_000), image.Rect(0, 0, 30, 200_000),
		image.Rect(-1<<30, -1<<30, 100-1<<30, 100-1<<30), image.Rect(1<<30-100, 1<<30-100, 1<<30, 1<<30), {},
	} {
		img := image.NewNRGBA(r)
		for i, f := range faces {
			f.Transform()
			start := time.Now()
			err := Check(r, f)
			crop, failed := Align(context.Background(), img, f)
			if (crop == nil) != (failed != nil) || time.Since(start) > 5*time.Second {
				t.Errorf("face %d in %v: crop %v, %v after %v", i, r, crop != nil, failed, time.Since(start))
			}
			if s := f.Side(); err == nil && (math.IsNaN(s) || math.IsInf(s, 0)) {
				t.Errorf("face %d in %v, of side %v, is good for a crop", i, r, s)
			}
		}
	}
	for _, person := range []string{"", "largest", "7", "-1", "99999999999999999999"} {
		if f, err := Choose(faces, person); err == nil && person != "largest" && person != "7" {
			t.Errorf("%q is %v", person, f)
		}
	}
}

// TestManyFaces checks that an error about many faces stays short.
func TestManyFaces(t *testing.T) {
	_, err := Choose(make([]Face, 100_000), "")
	if !errors.As(err, new(SeveralError)) || len(err.Error()) > 4096 {
		t.Errorf("%.100v, of %d bytes", err, len(err.Error()))
	}
}
