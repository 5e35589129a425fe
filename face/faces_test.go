package face

import (
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A sample is one of the 14 faces that FaceCLIP comes with: crops as the model was trained on.
type sample struct {
	name string
	img  image.Image
}

func samples(t testing.TB) []sample {
	t.Helper()
	files, err := filepath.Glob("testdata/faces/*.jpg")
	if err != nil || len(files) != 14 {
		t.Fatalf("%d faces, %v", len(files), err)
	}
	var all []sample
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sample{filepath.Base(name), img})
	}
	return all
}

// deviation returns the root mean square of the distances between where two transforms take the template, in units of
// the crop that the second one takes from the photo.
func deviation(got, want [6]float64) float64 {
	side := similarity{a: want[0], b: want[3]}.scale() * Size
	s, w := similarity{got[0], got[3], got[2], got[5]}, similarity{want[0], want[3], want[2], want[5]}
	var there [5]Point
	for i, p := range Template {
		there[i] = w.at(p)
	}
	return residual(s, &Template, &there) * s.scale() / side
}

// TestTemplate finds the landmarks of the samples. With -v it prints their mean, which is the template, how far off the
// transforms are, and how far the landmarks are from the template after the fit, over their ten coordinates.
func TestTemplate(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var mean [5]Point
	var apart, off []float64
	for _, s := range samples(t) {
		faces, err := Find(context.Background(), s.img)
		if err != nil || len(faces) != 1 {
			t.Errorf("%s: %d faces, %v", s.name, len(faces), err)
			continue
		}
		f := faces[0]
		for i, p := range f.Points {
			mean[i].X += p.X / 14
			mean[i].Y += p.Y / 14
		}
		apart = append(apart, residual(fit(&Template, &f.Points), &Template, &f.Points)/Size/math.Sqrt2)
		off = append(off, deviation(f.Transform(), [6]float64{1, 0, 0, 0, 1, 0}))
		t.Logf("%s: points %.1f, score %.0f, off by %.2f %%, points apart %.2f %%", s.name, f.Points, f.Score, 100*off[len(off)-1], 100*apart[len(apart)-1])
	}
	slices.Sort(apart)
	slices.Sort(off)
	n := len(off)
	if n == 0 {
		t.Fatal("no faces")
	}
	summary := fmt.Sprintf("mean %.1f, off by %.2f %% (median), %.2f %% (worst), points apart %.2f %%, %.2f %%", mean,
		50*(off[(n-1)/2]+off[n/2]), 100*off[n-1], 50*(apart[(n-1)/2]+apart[n/2]), 100*apart[n-1])
	t.Log(summary)
	if off[n/2] > 0.013 || off[n-1] > 0.025 || apart[n/2] > 0.013 || apart[n-1] > 0.025 {
		t.Error("too far off")
	}
}
