package face

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestLarge takes a JPEG of 40 megapixels from the file to the crop, with a large face, a small one, and none. Memory is
// what the heap holds at most, seen every few milliseconds, above what the test itself holds.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, side := range []float64{1500, 120, 0} {
		file, want := largePhoto(t, side)
		runtime.GC()
		peak := watchHeap()
		start := time.Now()
		img, err := Decode(context.Background(), bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		decoded := time.Since(start)
		faces, err := Find(context.Background(), img)
		if err != nil || len(faces) != int(min(side, 1)) {
			t.Fatalf("%.0f pixels: %d faces, %v", side, len(faces), err)
		}
		found, off := time.Since(start), 0.0
		if side > 0 {
			aligned(t, img, faces[0])
			off = deviation(faces[0].Transform(), want)
		}
		all, memory := time.Since(start), peak()
		t.Logf("%.0f pixels: decoded after %v, searched after %v, aligned after %v, %d MB, off by %.2f %%", side, decoded, found, all, memory/1e6, 100*off)
		if off > 0.03 || memory > 500e6 {
			t.Error("too far off, or too much memory")
		}
		// Time depends on the machine and on what else it does; the log has it.
	}
}

// TestGroup finds the 14 people in one photo, one of them close to the camera and the others far from it.
func TestGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	all := samples(t)
	photo := scene{img: background(rand.New(rand.NewPCG(3, 4)), 4000, 3000), side: 1500}
	photo.put(all[0].img, 2000, 2000, 1, 0)
	photo.side = 100
	for i, s := range all[1:] {
		photo.put(s.img, 150+float64(300*i), 300, 1, 0)
	}
	faces, err := Find(context.Background(), photo.img)
	if err != nil || len(faces) != len(all) {
		t.Errorf("%d of %d faces, %v", len(faces), len(all), err)
	}
}

// largePhoto returns a JPEG with a face of side pixels in it, or none.
func largePhoto(t *testing.T, side float64) (file []byte, transform [6]float64) {
	faces := samples(t)
	s := scene{img: image.NewRGBA(image.Rect(0, 0, 7304, 5480)), side: side, roll: 12}
	r := rand.New(rand.NewPCG(1, 2))
	tile := background(r, 1826, 1370)
	for y := 0; y < 5480; y += 1370 {
		for x := 0; x < 7304; x += 1826 {
			draw.Draw(s.img, image.Rect(x, y, x+1826, y+1370), tile, image.Point{}, draw.Src)
		}
	}
	if side > 0 {
		s.paste(r, faces[3].img)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, s.img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), s.transform
}

// watchHeap returns a function that ends watching and returns by how much the heap was larger at most than now.
func watchHeap() (peak func() uint64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapInuse, m.HeapInuse
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	})
	return func() uint64 {
		close(stop)
		done.Wait()
		return most - before
	}
}
