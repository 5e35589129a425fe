package face

import (
	"context"
	"flag"
	"math"
	"testing"
	"time"
)

var (
	long  = flag.Bool("long", false, "run the tests that take minutes")
	first = flag.Int("seed", 0, "first seed of the made-up photos")
)

// TestScenes finds faces in made-up photos, and none where there is none. docs/faces.md has the figures of -long.
func TestScenes(t *testing.T) {
	with, without := 20, 5
	switch {
	case *long:
		with, without = 200, 50
	case testing.Short():
		with, without = 2, 1
	}
	faces := samples(t)
	good, wrong, worst, least := 0, 0, 0.0, math.Inf(1)
	start := time.Now()
	for i := range with + without {
		seed := *first + i
		s := newScene(uint64(seed), faces, i < with)
		found, err := Find(context.Background(), s.img)
		if err != nil {
			t.Fatal(err)
		}
		off := s.judge(t, seed, found, &wrong)
		if s.face < 0 {
			continue
		}
		if off > 0.03 {
			t.Logf("seed %d: sample %d, %.0f pixels, turned by %.0f°, in %v: off by %.1f %%", seed, s.face, s.side, s.roll, s.img.Rect.Max, 100*off)
			continue
		}
		good++
		worst, least = max(worst, off), min(least, found[0].Score)
	}
	t.Logf("found %d of %d (%.1f %%), off by %.2f %% at most, score %.1f at least; %d false in %d photos; %v a photo", good, with,
		100*float64(good)/float64(with), 100*worst, least, wrong, with+without, (time.Since(start) / time.Duration(with+without)).Round(time.Millisecond))
	if good*100 < with*98 || wrong > 0 {
		t.Error("too few faces, or too many")
	}
}

// judge returns how far the best face is off, 1 if there is none, and counts the faces that are none.
func (s *scene) judge(t *testing.T, seed int, found []Face, wrong *int) float64 {
	best := 1.0
	for i, f := range found {
		off := 1.0
		if s.face >= 0 {
			off = deviation(f.Transform(), s.transform)
		}
		if i == 0 {
			best = off
		}
		if off > 0.3 {
			*wrong++
			t.Logf("seed %d: %v is no face, score %.1f", seed, f.Box, f.Score)
		}
	}
	return best
}
