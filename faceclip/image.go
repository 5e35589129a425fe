package faceclip

import (
	"context"
	"image"
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/picture"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// facePixels returns the face as [3, size, size], with values in [0, 1] of bfloat16 precision: scaled bilinearly, pixel
// centres at halves, without antialias. Alpha is dropped, not composited. It ends early if the context does.
func facePixels(ctx context.Context, face image.Image, size int) []float32 {
	pixels := black(size)
	b := face.Bounds()
	rows, cols := taps(b.Dy(), size), taps(b.Dx(), size)
	for y, row := range rows {
		if ctx.Err() != nil {
			break
		}
		for x, col := range cols {
			a, c := rgb(face, b.Min.X+col.lo, b.Min.Y+row.lo), rgb(face, b.Min.X+col.lo, b.Min.Y+row.hi)
			d, e := rgb(face, b.Min.X+col.hi, b.Min.Y+row.lo), rgb(face, b.Min.X+col.hi, b.Min.Y+row.hi)
			for i := range 3 {
				left, right := row.mix(a[i], c[i]), row.mix(d[i], e[i])
				pixels[(i*size+y)*size+x] = tensor.RoundBF16(col.mix(left, right))
			}
		}
	}
	return pixels
}

// black returns the pixels of no face.
func black(size int) []float32 { return make([]float32, 3*size*size) }

// A tap is where one output sample comes from along an axis.
type tap struct {
	lo, hi   int
	fraction float32
}

func taps(n, size int) []tap {
	t := make([]tap, size)
	for i := range t {
		at := max((float64(i)+0.5)*(float64(n)/float64(size))-0.5, 0)
		lo := min(int(at), n-1)
		t[i] = tap{lo: lo, hi: min(lo+1, n-1), fraction: float32(at - float64(lo))}
	}
	return t
}

// mix rounds each product, as PyTorch does: the conversions forbid the compiler to fuse.
func (t tap) mix(a, b float32) float32 { return float32(a*(1-t.fraction)) + float32(b*t.fraction) }

// rgb returns the colour of a pixel, whatever its alpha, as bfloat16 values in [0, 1].
func rgb(img image.Image, x, y int) [3]float32 {
	c := picture.Colour(img.At(x, y))
	return [3]float32{level(c.R), level(c.G), level(c.B)}
}

func level(v uint8) float32 { return tensor.RoundBF16(float32(v) / 255) }

// toImage returns pixels [1, h, w, 3], nominally in [-1, 1], as 8-bit levels, halves rounded to even; once the context of Do has
// ended, anything.
func toImage(s *backend.Stream, x tensor.Tensor) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, x.Dim(2), x.Dim(1)))
	eachPiece(s, x, func(lo int, values []float32) {
		pix := img.Pix[lo/3*4:]
		for i, v := range values {
			v = min(max(float32(0.5*v)+0.5, 0), 1)
			pix[i/3*4+i%3] = uint8(math.RoundToEven(float64(v * 255)))
			pix[i/3*4+3] = 255
		}
	})
	return img
}

// eachPiece passes the elements of a compact tensor to f, some from the one at lo on at a time, each valid until the next, so that
// nothing of a large picture is copied whole. It ends once the context of Do has ended.
func eachPiece(s *backend.Stream, x tensor.Tensor, f func(lo int, values []float32)) {
	const piece = 3 << 14 // whole pixels of three channels
	x = x.Reshape(x.Len())
	buffer := make([]float32, min(piece, x.Len()))
	for lo := 0; lo < x.Len(); lo += piece {
		values := buffer[:min(piece, x.Len()-lo)]
		s.FloatsInto(values, x.Slice(0, lo, lo+len(values)))
		if s.Stopped() { // then the values are undefined
			return
		}
		f(lo, values)
	}
}

// opaque returns the levels [h, w, 3] of a picture.
func opaque(img *image.NRGBA) []byte {
	rgb := make([]byte, 0, len(img.Pix)/4*3)
	for i := 0; i < len(img.Pix); i += 4 {
		rgb = append(rgb, img.Pix[i:i+3]...)
	}
	return rgb
}

// planes returns an image [h·w, channels] as [channels, h·w].
func planes(v []float32, channels int) []float32 {
	out := make([]float32, 0, len(v))
	for c := range channels {
		for i := c; i < len(v); i += channels {
			out = append(out, v[i])
		}
	}
	return out
}
