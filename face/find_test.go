package face

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"reflect"
	"sync"
	"testing"
	"time"
)

// TestShapes checks that pictures of any shape without a face have none.
func TestShapes(t *testing.T) {
	shapes := []image.Rectangle{
		{}, image.Rect(5, 5, 5, 9), image.Rect(0, 0, 1, 1), image.Rect(0, 0, 100_000, 1), image.Rect(0, 0, 1, 100_000),
		image.Rect(-30, -7, -6, 17), image.Rect(0, 0, 25, 1500),
	}
	if !testing.Short() {
		shapes = append(shapes, image.Rect(0, 0, 20_000, 30), image.Rect(0, 0, 30, 20_000))
	}
	for _, r := range shapes {
		img := image.NewNRGBA(r)
		for i := range img.Pix {
			img.Pix[i] = uint8(i * i >> 7)
		}
		if faces, err := Find(context.Background(), img); err != nil || len(faces) > 0 {
			t.Errorf("%v: %d faces, %v", r, len(faces), err)
		}
		for _, f := range []Face{{Points: Template}, {}} {
			if crop, err := Align(context.Background(), img, f); (crop == nil) != (err != nil) {
				t.Errorf("%v: crop %v, %v", r, crop, err)
			}
		}
	}
}

// TestSame checks that one face is found in a photo however it is stored, and the same each time.
func TestSame(t *testing.T) {
	s := newScene(30, samples(t), true)
	want := one(t, s.img)
	shifted := image.NewNRGBA(s.img.Rect.Add(image.Pt(-50, 1000)))
	draw.Draw(shifted, shifted.Rect, s.img, image.Point{}, draw.Src)
	wide := image.NewNRGBA64(s.img.Rect)
	draw.Draw(wide, wide.Rect, s.img, image.Point{}, draw.Src)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if got := one(t, s.img); !reflect.DeepEqual(got, want) {
				t.Errorf("the same photo: %v, %v", got, want)
			}
		})
	}
	group.Wait()
	if got := one(t, wide); !reflect.DeepEqual(got, want) {
		t.Errorf("16 bits: %v, %v", got, want)
	}
	moved := one(t, shifted)
	if moved.Box != want.Box.Add(image.Pt(-50, 1000)) || moved.Score != want.Score {
		t.Errorf("shifted: %v, %v", moved, want)
	}
	if far(aligned(t, shifted, moved).At(200, 200), aligned(t, s.img, want).At(200, 200), 1) {
		t.Error("the crop of a shifted photo differs")
	}
}

func one(t *testing.T, img image.Image) Face {
	t.Helper()
	faces, err := Find(context.Background(), img)
	if err != nil || len(faces) != 1 {
		t.Errorf("%d faces, %v", len(faces), err)
		return Face{}
	}
	return faces[0]
}

// TestTransparent finds a face that is cut out.
func TestTransparent(t *testing.T) {
	face := samples(t)[3].img
	img := image.NewNRGBA(image.Rect(0, 0, 700, 700))
	for y := range 448 {
		for x := range 448 {
			if dx, dy := float64(x-224)/200, float64(y-240)/240; dx*dx+dy*dy < 1 {
				img.Set(x+100, y+150, face.At(x, y))
			}
		}
	}
	f := one(t, img)
	if off := deviation(f.Transform(), [6]float64{1, 0, 100, 0, 1, 150}); off > 0.03 {
		t.Errorf("off by %.1f %%", 100*off)
	}
	crop := aligned(t, img, f)
	if c := crop.NRGBAAt(2, 2); c != (color.NRGBA{A: 255}) { // what is stored there
		t.Errorf("background %v", c)
	}
	if c := crop.NRGBAAt(224, 224); c.A != 255 || far(c, color.Gray{128}, 127) {
		t.Errorf("face %v", c)
	}
}

// TestCancel checks that an ended context soon stops whatever a photo goes through.
func TestCancel(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 6000, 4000))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * i >> 9)
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, nil); err != nil {
		t.Fatal(err)
	}
	wide := at(0, 0, 11_000) // its crop is much larger than the photo
	for name, f := range map[string]func(context.Context) error{
		"Find": func(ctx context.Context) error {
			_, err := Find(ctx, img)
			return err
		},
		"Align": func(ctx context.Context) error {
			_, err := Align(ctx, img, wide)
			return err
		},
		"Decode": func(ctx context.Context) error {
			_, err := Decode(ctx, bytes.NewReader(file.Bytes()))
			return err
		},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := f(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel = context.WithCancel(context.Background())
		var cancelled time.Time
		time.AfterFunc(50*time.Millisecond, func() { cancelled = time.Now(); cancel() })
		err := f(ctx)
		// With -short the race detector is expected, which takes ten times as long.
		late := time.Since(cancelled)
		t.Logf("%s: %v late", name, late)
		if !errors.Is(err, context.Canceled) || late > 500*time.Millisecond && !testing.Short() {
			t.Errorf("%s: %v, %v late", name, err, late)
		}
	}
}

// TestTwo finds two people and tells them apart.
func TestTwo(t *testing.T) {
	all := samples(t)
	img := image.NewRGBA(image.Rect(0, 0, 1100, 600))
	draw.Draw(img, image.Rect(20, 20, 468, 468), all[2].img, image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(600, 100, 1048, 548), all[9].img, image.Point{}, draw.Src)
	faces, err := Find(context.Background(), img)
	if err != nil || len(faces) != 2 || faces[0].Score < faces[1].Score {
		t.Fatalf("%v, %v", faces, err)
	}
	if _, err := Choose(faces, ""); !errors.As(err, new(SeveralError)) {
		t.Errorf("got %v", err)
	}
}

// TestTiny checks that a face that is too small is told from none, but that specks are nobody.
func TestTiny(t *testing.T) {
	face := samples(t)[3].img
	for side, want := range map[float64]int{26: 0, 50: 1} {
		photo := scene{img: image.NewRGBA(image.Rect(0, 0, 300, 300)), side: side}
		photo.put(face, 150, 150, 1, 0)
		faces, err := Find(context.Background(), photo.img)
		if err != nil || len(faces) != want {
			t.Errorf("%.0f pixels: %d faces, %v", side, len(faces), err)
		}
		for _, f := range faces {
			if err := Check(photo.img.Rect, f); !errors.As(err, new(TooSmallError)) {
				t.Errorf("got %v", err)
			}
		}
	}
}
