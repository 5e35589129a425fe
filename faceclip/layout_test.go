package faceclip

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestPack has what diffusers gives, written by tools/goldens/values.py.
func TestPack(t *testing.T) {
	var v struct {
		Seed                 int64
		Channels, Rows, Cols int
		Tokens               []float32
	}
	text, err := os.ReadFile("testdata/pack.json")
	must(t, err)
	must(t, json.Unmarshal(text, &v))
	l, h, w := layout{side: 2, channels: v.Channels}, 2*v.Rows, 2*v.Cols
	noise := sampler.Normal(v.Seed, v.Channels*h*w, tensor.BF16)
	tokens := make([]float32, len(noise))
	for i := 0; i < len(noise); i += 5 {
		l.pack(tokens, i, noise[i:min(i+5, len(noise))], h, w, 1)
	}
	if !slices.Equal(tokens, v.Tokens) {
		t.Errorf("got %v, want %v", tokens, v.Tokens)
	}
	if !slices.Equal(imageOf(t, l, tokens, h, w), planes(noise, h*w)) {
		t.Error("the image of the tokens is not that of the noise")
	}
}

// TestImage packs a latent of odd size, as an image with channels last.
func TestImage(t *testing.T) {
	l, x := layout{side: 1, channels: 2}, make([]float32, 12)
	l.pack(x, 0, []float32{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}, 3, 2, 2)
	want := []float32{0, 20, 2, 22, 4, 24, 6, 26, 8, 28, 10, 30}
	if !slices.Equal(x, want) || !slices.Equal(imageOf(t, l, x, 3, 2), want) || !slices.Equal(l.shape(3, 2), []int{1, 3, 2, 2}) {
		t.Errorf("got %v of %v, want %v", x, l.shape(3, 2), want)
	}
}

// imageOf returns x, which has the layout l, as it is put on a stream.
func imageOf(t *testing.T, l layout, x []float32, h, w int) []float32 {
	b, err := backend.Open("cpu", backend.Config{})
	must(t, err)
	defer b.Close()
	s, err := backend.NewStream(b, backend.Types{Act: tensor.F32}, 1<<16)
	must(t, err)
	return s.Floats(l.put(s, x, h, w))
}
