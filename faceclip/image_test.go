package faceclip

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestToImage checks every pixel of a picture that is converted in several pieces, the last of which is not whole.
func TestToImage(t *testing.T) {
	const width, height = 1000, 1150
	b, err := cpu.Open(1)
	must(t, err)
	defer b.Close()
	s, err := backend.NewStream(b, backend.Types{Act: tensor.F32}, 4*3*width*height+1<<12)
	must(t, err)
	defer s.Close()
	level := func(i int) int { return i * 7 % 256 }
	img := toImage(s, s.PutFunc(func(dst []float32) {
		for i := range dst {
			dst[i] = float32(level(i))/127.5 - 1
		}
	}, 1, height, width, 3))
	if b := img.Bounds(); b.Dx() != width || b.Dy() != height {
		t.Fatal(b)
	}
	for i := range width * height {
		for c := range 3 {
			if got, want := int(img.Pix[4*i+c]), level(3*i+c); got != want {
				t.Fatalf("pixel %d, channel %d: %d, want %d", i, c, got, want)
			}
		}
		if img.Pix[4*i+3] != 255 {
			t.Fatalf("pixel %d: alpha %d", i, img.Pix[4*i+3])
		}
	}
}
