package face

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
	"time"
)

// TestCancelAnywhere ends the context of all that a photo goes through at random moments. With -short the race detector is
// expected, which takes ten times as long.
func TestCancelAnywhere(t *testing.T) {
	rounds, w, h := 1, 2000, 1500
	switch {
	case testing.Short():
		rounds, w, h = 1, 500, 400
	case *long:
		rounds, w, h = 10, 4000, 3000
	}
	r := rand.New(rand.NewPCG(uint64(*first), 12))
	noise := func(row []byte) {
		for i := 1; i < len(row); i++ {
			row[i] = byte(r.Uint32())
		}
	}
	see := color.NRGBA{200, 100, 50, 128}
	files := map[string][]byte{
		"JPEG":                 jpegKind{sampling: "\x22\x11\x11"}.file(w, h, exifSegment(6)),
		"JPEG, progressive":    jpegKind{sampling: "\x22\x11\x11", progressive: true, scans: 12}.file(w, h, exifSegment(6)),
		"PNG":                  pngKind{2, 8, false}.file(w, h, noise),
		"PNG, 16, interlaced":  pngKind{6, 16, true}.file(w, h, noise, pngChunk("eXIf", oriented(6))),
		"WebP, lossless":       webpFile(t, w, h, see, true, 6),
		"WebP, alpha":          webpFile(t, w, h, see, false, 6),
		"many, and many faces": manyFaces(t, w, h),
	}
	if !testing.Short() {
		files["PNG of many bytes"] = pngKind{2, 8, false}.file(64, 64, noise, pngChunk("prVt", make([]byte, MaxBytes/4)))
	}
	if *long {
		files["large JPEG"] = jpegKind{sampling: "\x22\x11\x11", progressive: true, scans: 20}.file(12_000, 9_000, exifSegment(6))
		files["large PNG"] = pngKind{6, 8, true}.file(12_000, 9_000, func([]byte) {}, pngChunk("eXIf", oriented(6)))
	}
	worst := map[string]time.Duration{}
	n := 0
	for name, file := range files {
		img, err := Decode(context.Background(), bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f := at(0, 0, 3.9*float64(min(img.Bounds().Dx(), img.Bounds().Dy())))
		for step, work := range map[string]func(context.Context) error{
			"Decode": func(ctx context.Context) error { _, err := Decode(ctx, bytes.NewReader(file)); return err },
			"Find":   func(ctx context.Context) error { _, err := Find(ctx, img); return err },
			"Align":  func(ctx context.Context) error { _, err := Align(ctx, img, f); return err },
		} {
			for range rounds {
				after := time.Duration(r.IntN(int(300 * time.Millisecond)))
				late := lateness(t, work, after)
				for again := 0; late > 100*time.Millisecond && again < 2; again++ {
					late = lateness(t, work, after) // now and then the machine was, which is not so again
				}
				n++
				if worst[step] = max(worst[step], late); late > 100*time.Millisecond && !testing.Short() {
					t.Errorf("%s of %s: %v late", step, name, late)
				}
			}
		}
	}
	t.Logf("%d calls, late by at most %v", n, worst)
}

// lateness returns how long work goes on after its context ends, which is after some time or as it ends by itself.
func lateness(t *testing.T, work func(context.Context) error, after time.Duration) time.Duration {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan time.Time, 1)
	timer := time.AfterFunc(after, func() { cancel(); ended <- time.Now() })
	err := work(ctx)
	done := time.Now()
	if timer.Stop() {
		return 0
	}
	late := done.Sub(<-ended)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	return late
}

// manyFaces returns a photo of as many faces as fit, of the size that is found last.
func manyFaces(t *testing.T, w, h int) []byte {
	const side = 71
	s := scene{img: image.NewRGBA(image.Rect(0, 0, side, side)), side: 68}
	s.put(samples(t)[3].img, side/2, side/2, 1, 0)
	y := 0
	return pngKind{2, 8, false}.file(w, h, func(row []byte) {
		for x := range w {
			copy(row[1+3*x:], s.img.Pix[s.img.PixOffset(x%side, y%side):][:3])
		}
		y++
	})
}
