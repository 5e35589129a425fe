package tensor

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestWidenF8 compares every code with what torch makes of it.
func TestWidenF8(t *testing.T) {
	text, err := os.ReadFile("testdata/float8.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string][]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, dt := range []DType{F8E4M3, F8E5M2} {
		want := all[dt.String()]
		if len(want) != 256 {
			t.Fatalf("%v: %d values", dt, len(want))
		}
		for code, w := range want {
			var wide [1]uint16
			WidenF8(wide[:], dt, []byte{byte(code)})
			got := float64(FromBF16(wide[0]))
			switch w {
			case nil:
				w = math.NaN()
			case "inf":
				w = math.Inf(1)
			case "-inf":
				w = math.Inf(-1)
			}
			if v := w.(float64); got != v && !(math.IsNaN(got) && math.IsNaN(v)) || !math.IsNaN(v) && math.Signbit(got) != math.Signbit(v) {
				t.Errorf("%v %#02x is %v, want %v", dt, code, got, v)
			}
		}
	}
}
