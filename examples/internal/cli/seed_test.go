package cli

import (
	"strings"
	"testing"
)

func TestSeed(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "453563": 453563, "-1": -1, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63,
		"9223372036854775808": -1 << 63, "18446744073709551615": -1,
	} {
		f, err := Parse("usage", "out.png", []string{"-seed", text})
		if err != nil {
			t.Errorf("-seed %s: %v", text, err)
		} else if f.seed != want || f.drawnSeed {
			t.Errorf("-seed %s: got %d, drawn %v", text, f.seed, f.drawnSeed)
		}
	}
	for _, text := range []string{"", "x", "1.5", "18446744073709551616", "-9223372036854775809", "Random"} {
		if _, err := Parse("usage", "out.png", []string{"-seed", text}); err == nil || !strings.Contains(err.Error(), "or random") {
			t.Errorf("-seed %q: %v", text, err)
		}
	}
	if f, err := Parse("usage", "out.png", nil); err != nil || f.seed != defaultSeed {
		t.Errorf("no -seed: %v, %v", f, err)
	}
}

// TestRandomSeed draws several times: two of 32 bits are rarely the same.
func TestRandomSeed(t *testing.T) {
	drawn := map[int64]bool{}
	for range 4 {
		f, err := Parse("usage", "out.png", []string{"-seed", "random"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Request(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r.Seed < 0 || r.Seed >= 1<<32 || !f.drawnSeed {
			t.Errorf("seed %d, drawn %v", r.Seed, f.drawnSeed)
		}
		drawn[r.Seed] = true
	}
	if len(drawn) < 3 {
		t.Errorf("four draws gave %v", drawn)
	}
}
