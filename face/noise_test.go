package face

import (
	"context"
	"image"
	"image/draw"
	"math"
	"math/rand/v2"
	"testing"
)

// TestNoise finds hardly any faces where blobs and parts of faces lie as chance has it. Of so many, some do look like eyes,
// a nose and a mouth in their places, so that few photos may have one. docs/faces.md has the figures.
func TestNoise(t *testing.T) {
	photos := 12
	switch {
	case *long:
		photos = 100
	case testing.Short():
		photos = 3
	}
	faces := samples(t)
	wrong := 0
	for i := range photos {
		seed := *first + i
		found, err := Find(context.Background(), newNoise(uint64(seed), faces))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			wrong++
			t.Logf("seed %d: %v is no face, side %.0f, score %.1f", seed, f.Box, f.Side(), f.Score)
		}
	}
	t.Logf("%d false in %d photos", wrong, photos)
	if wrong > photos/12 {
		t.Error("too many")
	}
}

// newNoise makes the photo of a seed: half of them have blobs of one size in grey, a quarter the same in colour, and the
// others clouds or parts of faces.
func newNoise(seed uint64, faces []sample) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 11))
	img := image.NewRGBA(image.Rect(0, 0, 1600, 1200))
	cell := 10 * math.Pow(7, r.Float64())
	switch seed % 8 {
	default:
		blobs := smooth(r, img.Rect, cell)
		paint(img, 74, blobs, blobs, blobs)
	case 1, 5:
		paint(img, 74, smooth(r, img.Rect, cell), smooth(r, img.Rect, cell), smooth(r, img.Rect, cell))
	case 3:
		clouds := clouds(r, img.Rect)
		paint(img, 50, clouds, clouds, clouds)
	case 7:
		blobs := smooth(r, img.Rect, cell)
		paint(img, 20, blobs, blobs, blobs)
		scramble(r, img, faces)
	}
	return img
}

// paint fills a picture with noise around mid-grey.
func paint(img *image.RGBA, contrast float64, noise ...[]float64) {
	for channel, values := range noise {
		for i, v := range values {
			img.Pix[4*i+channel] = level(128 + contrast*v)
			img.Pix[4*i+3] = 255
		}
	}
}

// smooth returns random values at points that are cell pixels apart, and what a cubic spline has between them.
func smooth(r *rand.Rand, area image.Rectangle, cell float64) []float64 {
	w, h := area.Dx(), area.Dy()
	cols, rows := int(float64(w)/cell)+5, int(float64(h)/cell)+5
	wide := make([]float64, rows*w)
	points := make([]float64, cols)
	for y := range rows {
		for i := range points {
			points[i] = math.Sqrt(3) * (2*r.Float64() - 1)
		}
		for x := range w {
			i, weights := cubic(float64(x) / cell)
			for k, f := range weights {
				wide[y*w+x] += f * points[i+k]
			}
		}
	}
	out := make([]float64, w*h)
	for y := range h {
		i, weights := cubic(float64(y) / cell)
		for x := range w {
			for k, f := range weights {
				out[y*w+x] += f * wide[(i+k)*w+x]
			}
		}
	}
	return out
}

// cubic returns the first of the four points around a position, and their weights in Catmull and Rom's spline.
func cubic(at float64) (first int, weights [4]float64) {
	whole, t := math.Modf(at)
	return int(whole), [4]float64{-t / 2 * (1 - t) * (1 - t), 1 + t*t*(1.5*t-2.5), t/2 + t*t*(2-1.5*t), t * t / 2 * (t - 1)}
}

// clouds returns noise of many sizes, the larger the stronger.
func clouds(r *rand.Rand, area image.Rectangle) []float64 {
	sum := make([]float64, area.Dx()*area.Dy())
	strength, fall := 1.0, 0.4+0.5*r.Float64()
	for cell := 150.0; cell > 3; cell /= 2 {
		for i, v := range smooth(r, area, cell) {
			sum[i] += strength * v
		}
		strength *= fall
	}
	return sum
}

// scramble puts pieces of faces everywhere, of a third of a face at most.
func scramble(r *rand.Rand, img *image.RGBA, faces []sample) {
	for range 300 {
		side := 30 + r.IntN(120)
		from := image.Pt(r.IntN(Size-side), r.IntN(Size-side))
		x, y := r.IntN(img.Rect.Dx()), r.IntN(img.Rect.Dy())
		draw.Draw(img, image.Rect(x, y, x+side, y+side), faces[r.IntN(len(faces))].img, from, draw.Src)
	}
}
