package sdxl_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/faceclip-go/faceclip-go/sdxl"
)

// TestSinusoids has the numbers that diffusers gives for times and for sizes, written by tools/goldens/values.py.
func TestSinusoids(t *testing.T) {
	type sinusoid struct {
		Time   float32
		Values []float32
	}
	var want struct{ Times, Sizes []sinusoid }
	text, err := os.ReadFile("testdata/values.json")
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil || len(want.Times) == 0 || len(want.Sizes) != 3 {
		t.Fatal(err)
	}
	c := sdxl.Published
	for _, w := range want.Times {
		compare(t, c.Time(w.Time), w.Values)
	}
	// The original (height, width), the corner of the crop (0, 0), the target (height, width).
	added := []float32{7}
	for _, size := range []int{0, 1, 2, 2, 0, 1} {
		added = append(added, want.Sizes[size].Values...)
	}
	compare(t, c.Added([]float32{7}, int(want.Sizes[1].Time), int(want.Sizes[0].Time)), added)
}

// compare allows for what the angle's exponent is rounded to, times the largest angle.
func compare(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i, w := range want {
		if math.Abs(float64(got[i])-float64(w)) > 1e-4 {
			t.Errorf("%d: %v, want %v", i, got[i], w)
		}
	}
}
