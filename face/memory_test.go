package face

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"runtime"
	"testing"
)

// bytesPerPixel is what Decode takes at most, whatever the kind of picture, apart from the file itself; docs/security.md has it.
const bytesPerPixel = 29

// costly are pictures of the kinds that take the most memory.
func costly(t testing.TB, w, h int) map[string][]byte {
	zero := func([]byte) {}
	exif, see := pngChunk("eXIf", oriented(6)), color.NRGBA{200, 100, 50, 128}
	return map[string][]byte{
		"PNG, RGBA of 16 bits, interlaced":  pngKind{6, 16, true}.file(w, h, zero, exif),
		"PNG, RGBA of 16 bits":              pngKind{6, 16, false}.file(w, h, zero, exif),
		"PNG, RGB of 16 bits":               pngKind{2, 16, true}.file(w, h, zero, exif),
		"PNG, grey of 16 bits, interlaced":  pngKind{0, 16, true}.file(w, h, zero, exif),
		"PNG, RGBA, interlaced":             pngKind{6, 8, true}.file(w, h, zero, exif),
		"PNG, palette, interlaced":          pngKind{3, 8, true}.file(w, h, zero, exif),
		"JPEG":                              jpegKind{sampling: "\x11\x11\x11"}.file(w, h, exifSegment(6)),
		"JPEG, grey, progressive":           jpegKind{sampling: "\x11", progressive: true}.file(w, h, exifSegment(6)),
		"JPEG, 4:2:0, progressive":          jpegKind{sampling: "\x22\x11\x11", progressive: true}.file(w, h, exifSegment(6)),
		"JPEG, 4:4:4, progressive":          jpegKind{sampling: "\x11\x11\x11", progressive: true}.file(w, h, exifSegment(6)),
		"JPEG, odd size, progressive":       jpegKind{sampling: "\x41\x11\x11", progressive: true}.file(w-1, h-1, exifSegment(6)),
		"JPEG, CMYK":                        jpegKind{sampling: "\x11\x11\x11\x11"}.file(w, h, []byte(adobe), exifSegment(6)),
		"JPEG, CMYK, progressive":           jpegKind{sampling: "\x11\x11\x11\x11", progressive: true}.file(w, h, []byte(adobe), exifSegment(6)),
		"GIF":                               gifFile(w, h, image.Rect(1, 1, w, h)),
		"BMP":                               bmpFile(w, h),
		"TIFF, grey":                        tiffFile(w, h, 1, 8, 0),
		"TIFF, RGB":                         tiffFile(w, h, 3, 8, 0),
		"TIFF, RGBA":                        tiffFile(w, h, 4, 8, 2),
		"TIFF, RGBA of 16 bits":             tiffFile(w, h, 4, 16, 2),
		"TIFF, RGBA of 16 bits, multiplied": tiffFile(w, h, 4, 16, 1),
		"WebP, lossless":                    webpFile(t, w, h, see, true, 6),
		"WebP, lossy with alpha":            webpFile(t, w, h, see, false, 6),
		"WebP, lossless, frame on a canvas": canvas(t, w, h, see, true),
		"WebP, lossy, frame on a canvas":    canvas(t, w, h, see, false),
	}
}

// canvas returns an animated WebP whose frame does not fill it.
func canvas(t testing.TB, w, h int, c color.NRGBA, lossless bool) []byte {
	return animated(w, h, frame(image.Point{}, image.Pt(w-2, h-2), webpChunks(t, filled(w-2, h-2, c), lossless)))
}

// TestMemory checks that no kind takes more than it may, even if none of it is collected meanwhile.
func TestMemory(t *testing.T) {
	w, h := 1000, 800
	if testing.Short() {
		t.Skip("takes seconds")
	}
	if *long {
		w, h = 6400, 5120
	}
	for name, file := range costly(t, w, h) {
		runtime.GC()
		runtime.GC() // twice, for what is in pools
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		peak := watchHeap()
		img, err := Decode(context.Background(), bytes.NewReader(file))
		seen := peak()
		runtime.ReadMemStats(&after)
		most := float64(after.TotalAlloc-before.TotalAlloc-2*uint64(len(file))) / float64(w*h) / float64(weightOf(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%-36s %5.1f bytes a pixel, %.1f of them at a time, %T", name, most, float64(seen)/float64(w*h), img)
		if most > bytesPerPixel {
			t.Errorf("%s takes too much", name)
		}
	}
}

// weightOf returns what a pixel of a file counts.
func weightOf(file []byte) int {
	for _, f := range formats {
		if f.is(file) {
			return f.weight
		}
	}
	return 1
}
