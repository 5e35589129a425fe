package face

import (
	"context"
	"flag"
	"testing"
	"time"
)

var long = flag.Bool("long", false, "run the tests that take minutes")

// TestScenes finds faces in made-up photos, and none where there is none. docs/faces.md has the figures of -long.
func TestScenes(t *testing.T) {
	with, without := 20, 5
	if *long {
		with, without = 200, 50
	}
	faces := samples(t)
	good, false_ := 0, 0
	worst := 0.0
	var spent time.Duration
	for i := range with + without {
		s := newScene(uint64(i), faces, i < with)
		start := time.Now()
		found, err := Find(context.Background(), s.img)
		spent += time.Since(start)
		if err != nil {
			t.Fatal(err)
		}
		if s.face < 0 {
			for _, f := range found {
				false_++
				t.Logf("seed %d: %v is no face, score %.1f", i, f.Box, f.Score)
			}
			continue
		}
		off := 1.0
		if len(found) > 0 {
			off = deviation(found[0].Transform(), s.transform)
		}
		if off <= 0.03 {
			good++
			worst = max(worst, off)
		} else {
			t.Logf("seed %d: sample %d, %.0f pixels, turned by %.0f°, %v: off by %.1f %%", i, s.face, s.side, s.roll, s.img.Rect.Max, 100*off)
		}
		for _, f := range found {
			if d := deviation(f.Transform(), s.transform); d > 0.3 {
				false_++
				t.Logf("seed %d: %v is no face, score %.1f", i, f.Box, f.Score)
			}
		}
	}
	t.Logf("found %d of %d (%.1f %%), off by %.2f %% at most; %d false; %v a photo", good, with, 100*float64(good)/float64(with), 100*worst, false_, spent/time.Duration(with+without))
	if good*100 < with*98 || false_ > 0 {
		t.Error("too few faces, or too many")
	}
}
