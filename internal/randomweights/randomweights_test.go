package randomweights_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/randomweights"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestBits compares bits with those that tools/goldens/weights.py computes: they are the same on all machines.
func TestBits(t *testing.T) {
	text, err := os.ReadFile("testdata/weights.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Type, SHA256 string
		Shape              []int
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) == 0 {
		t.Fatal(err)
	}
	types := map[string]tensor.DType{"f32": tensor.F32, "f16": tensor.F16, "bf16": tensor.BF16}
	for _, c := range cases {
		shapes, err := nn.Keys(strings.NewReader(c.Name + " " + strings.ReplaceAll(fmt.Sprint(c.Shape), " ", ", ")))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		if err := randomweights.Entries(shapes, types[c.Type])[0].Data(sum); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)); got != c.SHA256 {
			t.Errorf("%s, %s: %s, want %s", c.Name, c.Type, got, c.SHA256)
		}
	}
}
