package face

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/internal/parallel"
	"github.com/faceclip-go/faceclip-go/internal/picture"
)

// MinSide is the side of the smallest crop, in the photo's pixels, that shows enough of a face.
const MinSide = 80

const (
	leastWindow = 24        // pixels in which the cascade still knows a face
	coarse      = 1_000_000 // most pixels of the level that is scanned first, for faces up to its own size
	thorough    = 4_000_000 // most pixels of a level that is scanned though a coarser one shows a face
	leastFace   = 62        // pixels of the photo that the window over a crop of MinSide has, somewhat less for safety
	mostHits    = 100_000   // of a level, or of a tile at one angle; a photo of 600 people has 8,000
)

// Find returns the faces in a photo, the best first; none is no error. It finds faces that are turned by 45° at most and
// whose crop has MinSide pixels at least; where there is none, those of a photo that lies on its side or on its head, of one that is
// a face and nothing else, and of an overexposed one. Each face's crop is upright. The same photo gives the same faces. Find takes
// about a second; a large photo that shows no large face takes some more. An image that is nil, too large, or panics is an error.
func Find(ctx context.Context, img image.Image) (faces []Face, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if img, err = picture.Admit(img, picture.MaxPixels); err != nil {
		return nil, fmt.Errorf("photo: %w", err)
	}
	err = picture.Guard(func() error {
		faces, err = find(ctx, img)
		return err
	})
	return faces, err
}

func find(ctx context.Context, img image.Image) ([]Face, error) {
	b := img.Bounds()
	if min(b.Dx(), b.Dy()) < smallest {
		return nil, nil
	}
	p := newPyramid(ctx, grey(ctx, img))
	level := p.coarse(coarse)
	faces := p.find(ctx, usual, level, leastWindow, p.shorter(level))
	// Finer levels add smaller faces.
	for leastWindow<<level > leastFace && (len(faces) == 0 || p.pixels(level-1) <= thorough) && ctx.Err() == nil {
		level--
		faces = append(faces, p.find(ctx, usual, level, max(leastWindow, leastFace>>level), min(2*leastWindow, p.shorter(level)))...)
	}
	if len(faces) == 0 {
		faces = p.again(ctx, img)
	}
	faces = moved(distinct(ctx, faces), b.Min)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return faces, nil
}

// find returns the faces that windows of least to most pixels find in one level.
func (p pyramid) find(ctx context.Context, s search, level, least, most int) []Face {
	img, up := p[level], toPhoto(level)
	var hits []hit
	for _, t := range tiles(img.Rect, most) {
		if ctx.Err() != nil {
			return nil
		}
		for _, h := range s.scan(ctx, part(img, t), least, most) {
			h.centre, h.side = up.at(Point{h.centre.X + float64(t.Min.X), h.centre.Y + float64(t.Min.Y)}), h.side*up.a
			hits = append(hits, h)
		}
		if len(hits) >= mostHits {
			hits = hits[:mostHits]
			break
		}
	}
	return p.verifyAll(ctx, cluster(ctx, hits), s.strict)
}

// verifyAll returns the hits that are faces, in their order. It takes some milliseconds for each, so it uses all cores.
func (p pyramid) verifyAll(ctx context.Context, hits []hit, strict float64) []Face {
	found := make([]*Face, len(hits))
	parallel.Each(len(hits), func(i int) {
		if ctx.Err() != nil {
			return
		}
		if f, ok := p.verify(ctx, hits[i], strict); ok {
			found[i] = &f
		}
	})
	var faces []Face
	for _, f := range found {
		if f != nil {
			faces = append(faces, *f)
		}
	}
	return faces
}

// tiles splits a picture so that each window of most pixels is within one tile, and turning a tile takes little memory.
func tiles(r image.Rectangle, most int) []image.Rectangle {
	side := max(1024, 2*most)
	var all []image.Rectangle
	for y := 0; ; y += side - most {
		for x := 0; ; x += side - most {
			all = append(all, image.Rect(x, y, x+side, y+side).Intersect(r))
			if x+side >= r.Max.X {
				break
			}
		}
		if y+side >= r.Max.Y {
			return all
		}
	}
}

// part returns a part of a picture as a picture of its own, which begins at (0, 0).
func part(img *image.Gray, r image.Rectangle) *image.Gray {
	return &image.Gray{Pix: img.Pix[img.PixOffset(r.Min.X, r.Min.Y):], Stride: img.Stride, Rect: r.Sub(r.Min)}
}

// distinct returns faces without those that are over a better one, the best first; none if the context ends.
func distinct(ctx context.Context, faces []Face) []Face {
	slices.SortStableFunc(faces, func(a, b Face) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Face
	for _, f := range faces {
		over := func(g Face) bool {
			d := f.Box.Min.Add(f.Box.Max).Sub(g.Box.Min.Add(g.Box.Max)).Div(2)
			return math.Hypot(float64(d.X), float64(d.Y)) < 0.5*float64(max(f.Box.Dx(), g.Box.Dx()))
		}
		if ctx.Err() != nil {
			return nil
		}
		if !slices.ContainsFunc(kept, over) {
			kept = append(kept, f)
		}
	}
	return kept
}

// moved returns faces in the coordinates of a photo that begins at by.
func moved(faces []Face, by image.Point) []Face {
	for i := range faces {
		faces[i].Box = faces[i].Box.Add(by)
		for j := range faces[i].Points {
			faces[i].Points[j].X += float64(by.X)
			faces[i].Points[j].Y += float64(by.Y)
		}
	}
	return faces
}
