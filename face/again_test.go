package face

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"testing"
)

// TestTight finds faces in what detectors cut out: brows to chin, cheek to cheek. docs/faces.md has the figures of -long.
func TestTight(t *testing.T) {
	boxes := []image.Rectangle{image.Rect(75, 115, 372, 420)}
	switch {
	case *long:
		boxes = append(boxes, image.Rect(60, 90, 390, 440), image.Rect(90, 130, 358, 410), image.Rect(75, 90, 375, 430))
	case testing.Short():
		t.Skip("takes seconds")
	}
	for _, box := range boxes {
		found, worst, faces := 0, 0.0, samples(t)
		for _, s := range faces {
			photo := image.NewNRGBA(image.Rectangle{Max: box.Size()})
			draw.Draw(photo, photo.Rect, s.img, box.Min, draw.Src)
			all, err := Find(context.Background(), photo)
			if err != nil {
				t.Fatal(err)
			}
			if len(all) != 1 {
				t.Logf("%v of %s: %d faces", box, s.name, len(all))
				continue
			}
			if err := Check(photo.Rect, all[0]); err != nil {
				t.Errorf("%v of %s: %v", box, s.name, err)
			}
			if crop := aligned(t, photo, all[0]); far(crop.At(0, 0), photo.At(0, 0), 60) {
				t.Errorf("%v of %s: the corner is %v", box, s.name, crop.At(0, 0))
			}
			found++
			worst = max(worst, deviation(all[0].Transform(), [6]float64{1, 0, float64(-box.Min.X), 0, 1, float64(-box.Min.Y)}))
		}
		t.Logf("%v: %d of %d found, off by %.1f %% at most", box, found, len(faces), 100*worst)
		if found*100 < len(faces)*80 || worst > 0.03 {
			t.Error("too few, or too far off")
		}
	}
}

// TestCutOff checks that a face that the photo's edge cuts off stays an error where the photo has more than the face.
func TestCutOff(t *testing.T) {
	for _, c := range []struct {
		photo image.Rectangle
		good  bool
	}{
		{image.Rect(75, 115, 372, 420), true},
		{image.Rect(40, 60, 400, 440), true},
		{image.Rect(75, 115, 1000, 420), false}, // much else
		{image.Rect(120, 60, 900, 900), false},  // half the face
		{image.Rect(160, 115, 372, 420), false}, // an eye at the edge
	} {
		err := Check(c.photo, at(0, 0, Size))
		if c.good != (err == nil) || err != nil && !errors.As(err, new(CutOffError)) {
			t.Errorf("%v: %v", c.photo, err)
		}
	}
}

// TestLying finds faces in photos on their side and on their head, and aligns them upright.
func TestLying(t *testing.T) {
	step := 7
	switch {
	case *long:
		step = 1
	case testing.Short():
		t.Skip("takes seconds")
	}
	found, faces := 0, 0
	for i, s := range samples(t) {
		if i%step > 0 {
			continue
		}
		faces++
		scene := scene{img: background(rand.New(rand.NewPCG(uint64(i), 3)), 500, 400), side: 250}
		scene.put(s.img, 250, 200, 1, 0)
		want := aligned(t, scene.img, one(t, scene.img))
		for _, orientation := range []int{3, 6, 8} {
			photo := upright(context.Background(), scene.img, scene.img.Rect, orientation)
			crop, err := Crop(context.Background(), photo, "")
			if err != nil {
				t.Logf("%s, %d: %v", s.name, orientation, err)
				continue
			}
			if off := apart(crop, want); off > 8 {
				t.Errorf("%s, %d: %.1f levels from the upright one", s.name, orientation, off)
			}
			found++
		}
	}
	t.Logf("%d of %d found", found, 3*faces)
	if found*100 < 3*faces*90 {
		t.Error("too few")
	}
}

// apart returns the mean distance of two crops' levels.
func apart(a, b *image.NRGBA) (mean float64) {
	for i := range a.Pix {
		mean += math.Abs(float64(a.Pix[i])-float64(b.Pix[i])) / float64(len(a.Pix))
	}
	return mean
}

// TestOverexposed finds faces whose luma is mostly white. These were not found in luma.
func TestOverexposed(t *testing.T) {
	all := samples(t)
	for _, i := range []int{1, 2} {
		b := all[i].img.Bounds()
		photo := image.NewNRGBA(b)
		for y := range b.Dy() {
			for x := range b.Dx() {
				red, green, blue, _ := all[i].img.At(x, y).RGBA()
				photo.SetNRGBA(x, y, color.NRGBA{level(1.8 * float64(red>>8)), level(1.8 * float64(green>>8)), level(1.8 * float64(blue>>8)), 255})
			}
		}
		if off := deviation(one(t, photo).Transform(), [6]float64{1, 0, 0, 0, 1, 0}); off > 0.03 {
			t.Errorf("%s: off by %.1f %%", all[i].name, 100*off)
		}
	}
}

// TestCrop checks that errors are those of the steps.
func TestCrop(t *testing.T) {
	face := samples(t)[3].img
	crop, err := Crop(context.Background(), face, "largest")
	if err != nil || apart(crop, aligned(t, face, one(t, face))) != 0 {
		t.Errorf("%v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		ctx    context.Context
		photo  image.Image
		person string
		want   any
	}{
		{context.Background(), image.NewGray(image.Rect(0, 0, 90, 90)), "", new(NotFoundError)},
		{context.Background(), face, "4", new(PersonError)},
	} {
		if crop, err := Crop(c.ctx, c.photo, c.person); crop != nil || !errors.As(err, c.want) {
			t.Errorf("%v", err)
		}
	}
	if _, err := Crop(context.Background(), nil, ""); err == nil {
		t.Error("nil is no photo")
	}
	if _, err := Crop(ended, face, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}
