package faceclip

// latentFactor is the pixels along a side of one latent.
const latentFactor = 8

// A layout is how a latent image [C, h, w] lies in what the sampler works on: as tokens of side×side latents [1, N, side²·C] or,
// if side is 1, as an image with channels last [1, h, w, C]. Channel (c·side + dy)·side + dx of a token is channel c of the latent
// dy rows and dx columns from the square's corner.
type layout struct{ side, channels int }

func (l layout) shape(h, w int) []int {
	if l.side == 1 {
		return []int{1, h, w, l.channels}
	}
	return []int{1, h / l.side * (w / l.side), l.side * l.side * l.channels}
}

// pack stores latents [C, h, w], times scale, in dst.
func (l layout) pack(dst, latents []float32, h, w int, scale float32) {
	l.each(h, w, func(c, y, x, at int) { dst[at] = latents[(c*h+y)*w+x] * scale })
}

// image returns the latents of x as [h, w, C].
func (l layout) image(x []float32, h, w int) []float32 {
	image := make([]float32, len(x))
	l.each(h, w, func(c, y, x0, at int) { image[(y*w+x0)*l.channels+c] = x[at] })
	return image
}

// each calls f with the place of every number among the latents, and among the tokens.
func (l layout) each(h, w int, f func(c, y, x, at int)) {
	side := l.side
	for y := range h {
		for x := range w {
			token := y/side*(w/side) + x/side
			for c := range l.channels {
				f(c, y, x, ((token*l.channels+c)*side+y%side)*side+x%side)
			}
		}
	}
}
