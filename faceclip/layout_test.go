package faceclip

import (
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestPack has the first token of the default request's noise (specification, section 7).
func TestPack(t *testing.T) {
	const channels, h, w = 16, 144, 108
	noise := sampler.Normal(453563, channels*h*w, tensor.BF16)
	l, tokens := layout{side: 2, channels: channels}, make([]float32, len(noise))
	l.pack(tokens, noise, h, w, 1)
	want := []float32{0.2734375, 1.546875, -0.68359375, -0.72265625, -0.58984375, 0.6796875, -0.8671875, -1.3671875}
	if got := tokens[:len(want)]; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !slices.Equal(l.image(tokens, h, w), planes(noise, h*w)) {
		t.Error("the image of the tokens is not that of the noise")
	}
}

// TestImage packs a latent of odd size, as an image with channels last.
func TestImage(t *testing.T) {
	l, x := layout{side: 1, channels: 2}, make([]float32, 12)
	l.pack(x, []float32{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}, 3, 2, 2)
	want := []float32{0, 20, 2, 22, 4, 24, 6, 26, 8, 28, 10, 30}
	if !slices.Equal(x, want) || !slices.Equal(l.image(x, 3, 2), want) || !slices.Equal(l.shape(3, 2), []int{1, 3, 2, 2}) {
		t.Errorf("got %v of %v, want %v", x, l.shape(3, 2), want)
	}
}
