package faceclip

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// latentFactor is the pixels along a side of one latent.
const latentFactor = 8

// A layout is how a latent image [C, h, w] lies in what the sampler works on: as tokens of side×side latents [1, N, side²·C] or,
// if side is 1, as an image with channels last [1, h, w, C]. Channel (c·side + dy)·side + dx of a token is channel c of the latent
// dy rows and dx columns from the square's corner.
type layout struct{ side, channels int }

// multiple returns what sides of a picture are multiples of, in pixels.
func (l layout) multiple() int { return latentFactor * l.side }

func (l layout) shape(h, w int) []int {
	if l.side == 1 {
		return []int{1, h, w, l.channels}
	}
	return []int{1, h / l.side * (w / l.side), l.side * l.side * l.channels}
}

// pack stores some of the latents [C, h, w], those from number first on, times scale, in dst.
func (l layout) pack(dst []float32, first int, latents []float32, h, w int, scale float32) {
	c, y, x := first/(h*w), first/w%h, first%w
	for _, v := range latents {
		dst[l.at(c, y, x, w)] = v * scale
		if x++; x == w {
			x, y = 0, y+1
		}
		if y == h {
			y, c = 0, c+1
		}
	}
}

// at returns the place of a latent in an image of w columns.
func (l layout) at(c, y, x, w int) int {
	token := y/l.side*(w/l.side) + x/l.side
	return ((token*l.channels+c)*l.side+y%l.side)*l.side + x%l.side
}

// eachRow passes the rows [w, C] of a latent image to f, each valid until the next, until the context of Do ends.
func (l layout) eachRow(s *backend.Stream, x []float32, h, w int, f func(y int, row []float32)) {
	row := make([]float32, w*l.channels)
	for y := range h {
		if s.Stopped() {
			return
		}
		for i := range row {
			row[i] = x[l.at(i%l.channels, y, i/l.channels, w)]
		}
		f(y, row)
	}
}

// put puts a latent image on s, as [1, h, w, C].
func (l layout) put(s *backend.Stream, x []float32, h, w int) tensor.Tensor {
	return s.Table(func(dst []float32) {
		l.eachRow(s, x, h, w, func(y int, row []float32) { copy(dst[y*len(row):], row) })
	}, 1, h, w, l.channels)
}
