package face

import (
	"context"
	"image"
)

// Ways to look at a photo in which no face has been found. Each goes over a coarse level only, of a megapixel at most, so that
// together they take about 1.7 times as long as the usual search of that level.
var (
	// filling is for a photo that is a face and nothing else, such as what a detector has cut out: windows may be larger than it.
	filling = search{angles: usual.angles, margin: 0.6, strict: 1}
	// lying are for a photo on its side or on its head. Three more chances for what only looks like a face want more certainty.
	lying = []search{
		{angles: []float64{90, 70, 110}, margin: 0.1, strict: 1.8},
		{angles: []float64{-90, -70, -110}, margin: 0.1, strict: 1.8},
		{angles: []float64{180, 160, 200}, margin: 0.1, strict: 1.8},
	}
)

// again returns the faces of a photo, which p is of, that the usual search does not find.
func (p pyramid) again(ctx context.Context, img image.Image) []Face {
	if faces := p.fill(ctx); len(faces) > 0 {
		return faces
	}
	level := p.coarse(coarse)
	var best []Face
	for _, s := range lying {
		if faces := p.find(ctx, s, level, leastWindow, p.shorter(level)); total(faces) > total(best) {
			best = faces
		}
	}
	if len(best) > 0 || !p.bright(level) {
		return best
	}
	p = newPyramid(ctx, darkest(ctx, img))
	if faces := p.find(ctx, usual, level, leastWindow, p.shorter(level)); len(faces) > 0 {
		return faces
	}
	return p.fill(ctx)
}

// fill returns the faces that a photo is about as large as.
func (p pyramid) fill(ctx context.Context) []Face {
	const pixels = 20_000
	level := p.coarse(pixels)
	least := max(leastWindow, p.shorter(level)*2/3)
	return p.find(ctx, filling, level, least, 2*p.shorter(level))
}

func total(faces []Face) (sum float64) {
	for _, f := range faces {
		sum += f.Score
	}
	return sum
}

// bright tells whether a part of the photo is as bright as can be.
func (p pyramid) bright(level int) bool {
	const white, share = 245, 0.02
	img, n := p[level], 0
	for y := range img.Rect.Dy() {
		for _, v := range img.Pix[y*img.Stride:][:img.Rect.Dx()] {
			if v >= white {
				n++
			}
		}
	}
	return float64(n) > share*float64(p.pixels(level))
}

// darkest returns the darkest of each pixel's three colours. In skin that is overexposed, that is the last to have no shades.
func darkest(ctx context.Context, img image.Image) *image.Gray {
	return rows(ctx, img, func(out, pixels []uint8) {
		for x := range out {
			out[x] = min(pixels[4*x], pixels[4*x+1], pixels[4*x+2])
		}
	})
}
