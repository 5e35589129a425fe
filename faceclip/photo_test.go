package faceclip

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/faceclip-go/faceclip-go/face"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// photoOf returns a photo of people side by side, given as aligned faces.
func photoOf(faces ...image.Image) image.Image {
	const size = 448
	photo := image.NewNRGBA(image.Rect(0, 0, (size+120)*len(faces)+120, size+240))
	draw.Draw(photo, photo.Rect, image.NewUniform(color.NRGBA{90, 110, 130, 255}), image.Point{}, draw.Src)
	for i, f := range faces {
		at := image.Pt(120+i*(size+120), 120)
		draw.Draw(photo, f.Bounds().Sub(f.Bounds().Min).Add(at), f, f.Bounds().Min, draw.Src)
	}
	return photo
}

// TestPhoto checks that a photo gives what its aligned face gives, and which person is taken of several.
func TestPhoto(t *testing.T) {
	p := openMini(t, nil)
	one, two := readImage(t, "testdata/sdxl/face.png"), readImage(t, "testdata/flux/face.png")
	found, err := face.Find(context.Background(), photoOf(one))
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d faces", len(found))
	}
	r := small()
	if r.Face, err = face.Align(context.Background(), photoOf(one), found[0]); err != nil {
		t.Fatal(err)
	}
	want := generate(t, p, r)
	r = small()
	r.Photo = photoOf(one)
	if got := generate(t, p, r); string(got.Pix) != string(want.Pix) {
		t.Error("a photo gives another picture than its aligned face")
	}

	r.Photo = photoOf(one, two)
	if _, err := p.Generate(context.Background(), r); err == nil || !strings.Contains(err.Error(), "Request.Photo") {
		t.Errorf("two people: %v", err)
	}
	for _, person := range []string{"largest", "0", "1"} {
		r.Person = person
		generate(t, p, r)
	}
	for _, person := range []string{"2", "-1", "tallest"} {
		r.Person = person
		if _, err := p.Generate(context.Background(), r); err == nil || !strings.Contains(err.Error(), person) {
			t.Errorf("person %s: %v", person, err)
		}
	}
}

// TestPhotos checks that several photos of one person are averaged, and that one of them is as it is alone.
func TestPhotos(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	for model, files := range minis {
		p := openFS(t, files, nil)
		one, two := photoOf(readImage(t, "testdata/sdxl/face.png")), photoOf(readImage(t, "testdata/flux/face.png"))
		stages := func(photos ...image.Image) map[string]tensor.Tensor {
			r := small16()
			r.Photos = photos
			return observe(t, p, r)
		}
		a, b, both := stages(one), stages(two), stages(one, two)
		r := small16()
		r.Photo = one
		if alone := observe(t, p, r); string(tensor.Bytes(alone["image"])) != string(tensor.Bytes(a["image"])) {
			t.Errorf("%s: one of Photos is not as Photo", model)
		}
		patch := map[string]string{"sdxl": "positive.vit_g.patch", "flux": "positive.vit.patch"}[model]
		x, y, mean := tensor.Float32s(a[patch]), tensor.Float32s(b[patch]), tensor.Float32s(both[patch])
		for i := range mean {
			if want := (x[i] + y[i]) / 2; mean[i]-want > 1e-5 || want-mean[i] > 1e-5 {
				t.Fatalf("%s: %s: %v and %v became %v", model, patch, x[i], y[i], mean[i])
			}
		}
		if got := both["positive.face"].Dim(0); got != 2 {
			t.Errorf("%s: %d faces are shown", model, got)
		}
	}
}

// TestFaces checks that several faces are averaged as photos are whose faces they are, and that one of them is as it is alone.
func TestFaces(t *testing.T) {
	for model, files := range minis {
		p := openFS(t, files, nil)
		one, two := readImage(t, "testdata/sdxl/face.png"), readImage(t, "testdata/flux/face.png")
		stages := func(edit func(*Request)) map[string]tensor.Tensor {
			r := small16()
			edit(r)
			return observe(t, p, r)
		}
		alone := stages(func(r *Request) { r.Face = two })
		if got := stages(func(r *Request) { r.Faces = []image.Image{two} }); !bytes.Equal(tensor.Bytes(got["image"]), tensor.Bytes(alone["image"])) {
			t.Errorf("%s: one of Faces is not as Face", model)
		}
		patch := map[string]string{"sdxl": "positive.vit_l.patch", "flux": "positive.vit.patch"}[model]
		first := stages(func(r *Request) { r.Face = one })
		both := stages(func(r *Request) { r.Faces = []image.Image{one, two} })
		x, y, mean := tensor.Float32s(first[patch]), tensor.Float32s(alone[patch]), tensor.Float32s(both[patch])
		for i := range mean {
			if want := (x[i] + y[i]) / 2; mean[i]-want > 1e-5 || want-mean[i] > 1e-5 {
				t.Fatalf("%s: %s: %v and %v became %v", model, patch, x[i], y[i], mean[i])
			}
		}
		if got := both["positive.face"].Dim(0); got != 2 {
			t.Errorf("%s: %d faces are shown", model, got)
		}
	}
}

func TestPhotoErrors(t *testing.T) {
	p := openMini(t, nil)
	crop, empty := image.NewGray(image.Rect(0, 0, 448, 448)), image.NewGray(image.Rectangle{})
	for want, edit := range map[string]func(*Request){
		"only one can be set":            func(r *Request) { r.Face, r.Photo = crop, crop },
		"Photo: is empty":                func(r *Request) { r.Photo = empty },
		"Photos[1]: is nil":              func(r *Request) { r.Photos = []image.Image{crop, nil} },
		"Request.Person":                 func(r *Request) { r.Face, r.Person = crop, "largest" },
		"Request.Photo:":                 func(r *Request) { r.Photo = crop }, // nobody
		"Face: reading the image panics": func(r *Request) { r.Face = (*image.RGBA)(nil) },
		"Photo: reading the image":       func(r *Request) { r.Photo = (*image.Gray)(nil) },
		"Photos[0]: reading":             func(r *Request) { r.Photos = []image.Image{(*image.CMYK)(nil), crop} },
		"Face: reading the image":        func(r *Request) { r.Face = &image.NRGBA{Rect: crop.Rect, Stride: 4} },
		"Photo: reading":                 func(r *Request) { r.Photo = &image.NRGBA{Rect: crop.Rect, Stride: 4} },
		"at most 65536 pixels a side":    func(r *Request) { r.Photo = image.NewGray(image.Rect(0, 0, 100_000, 2)) },
		"of Face, Faces, Photo":          func(r *Request) { r.Face, r.Faces = crop, []image.Image{crop} },
		"Faces[0]: of Face":              func(r *Request) { r.Faces, r.Photos = []image.Image{crop}, []image.Image{crop} },
		"Faces[1]: is empty":             func(r *Request) { r.Faces = []image.Image{crop, empty} },
		"Faces[0]: is nil":               func(r *Request) { r.Faces = []image.Image{nil} },
		`Person: "0" is for Photo`:       func(r *Request) { r.Faces, r.Person = []image.Image{crop}, "0" },
		"65 faces":                       func(r *Request) { r.Faces = slices.Repeat([]image.Image{crop}, 65) },
		"65 photos":                      func(r *Request) { r.Photos = slices.Repeat([]image.Image{crop}, 65) },
	} {
		r := small()
		edit(r)
		if _, err := p.Generate(context.Background(), r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that names %q", err, want)
		}
	}
	generate(t, p, small()) // after all that
}

// timed is a photo that notes when it was first and last looked at.
type timed struct {
	image.Image
	clock       *atomic.Int64
	first, last atomic.Int64
}

func (t *timed) At(x, y int) color.Color {
	now := t.clock.Add(1)
	t.first.CompareAndSwap(0, now)
	t.last.Store(now)
	return t.Image.At(x, y)
}

// TestPhotosTakeTurns hands in several photos at once, where there is memory to search one of them.
func TestPhotosTakeTurns(t *testing.T) {
	photo := photoOf(readImage(t, "testdata/sdxl/face.png"))
	p := openMini(t, nil)
	plan, err := p.Plan(&Request{Photo: photo, Width: 32, Height: 32, Steps: 1})
	must(t, err)
	p = openMini(t, &Options{Memory: plan.Private})
	var clock atomic.Int64
	photos := make([]*timed, 4)
	var calls sync.WaitGroup
	for i := range photos {
		photos[i] = &timed{Image: photo, clock: &clock}
		calls.Go(func() {
			if _, err := p.Resolve(&Request{Photo: photos[i], Width: 32, Height: 32, Steps: 1}); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	slices.SortFunc(photos, func(a, b *timed) int { return cmp.Compare(a.first.Load(), b.first.Load()) })
	for i, next := range photos[1:] {
		if photos[i].last.Load() > next.first.Load() {
			t.Errorf("photo %d was looked at until %d, the next one from %d on", i, photos[i].last.Load(), next.first.Load())
		}
	}
}
