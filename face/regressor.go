package face

import (
	"encoding/binary"
	"image"
	"math"
	"slices"
)

// A regressor moves a first guess to a landmark: stages of randomised trees (Markuš et al., Eye pupil localization with
// an ensemble of randomized trees, 2014). A node compares two pixels near the guess; a leaf holds a step; a stage adds up
// its trees' steps, and the next one looks closer.
//
// pigo has the same, but starts at random, so that no two runs agree, and rounds to whole pixels.
type regressor struct {
	stages, trees, depth int
	shrink               float64      // of the window from stage to stage
	nodes                [][4]int8    // per tree 2^depth - 1: row and column of the one pixel, of the other, in 1/256 of the window
	leaves               [][2]float32 // per tree 2^depth: step down and right, in windows
}

// newRegressor reads a cascade: stages, shrink, trees, depth, then for each tree its nodes and its leaves.
func newRegressor(file []byte) *regressor {
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(file[at:]) }
	float := func(at int) float32 { return math.Float32frombits(word(at)) }
	r := &regressor{stages: int(word(0)), shrink: float64(float(4)), trees: int(word(8)), depth: int(word(12))}
	at := 16
	for range r.stages * r.trees {
		for range 1<<r.depth - 1 {
			r.nodes = append(r.nodes, [4]int8{int8(file[at]), int8(file[at+1]), int8(file[at+2]), int8(file[at+3])})
			at += 4
		}
		for range 1 << r.depth {
			r.leaves = append(r.leaves, [2]float32{float(at), float(at + 4)})
			at += 8
		}
	}
	return r
}

// starts are where locate begins, in windows: spread evenly, and the same in each run.
var starts = func() (s [63]struct{ x, y, size float64 }) {
	for i := range s {
		// The additive recurrence of the plastic number's relative in three dimensions fills a cube evenly.
		_, x := math.Modf(0.5 + 0.8191725133961645*float64(i))
		_, y := math.Modf(0.5 + 0.6710436067037893*float64(i))
		_, size := math.Modf(0.5 + 0.5497004779019703*float64(i))
		s[i].x, s[i].y, s[i].size = 0.15*(x-0.5), 0.15*(y-0.5), 0.925+0.15*size
	}
	return s
}()

// locate returns where the landmark near guess is, looking at a window of the given size: the median over many starts,
// and how far apart the middle half of them end. Mirrored, it looks for the landmark's counterpart on the other side of
// the face.
func (r *regressor) locate(img *image.Gray, guess Point, window float64, mirrored bool) (at Point, spread float64) {
	var xs, ys [len(starts)]float64
	for i, s := range starts {
		p := r.walk(img, Point{guess.X + s.x*window, guess.Y + s.y*window}, window*s.size, mirrored)
		xs[i], ys[i] = p.X, p.Y
	}
	slices.Sort(xs[:])
	slices.Sort(ys[:])
	const n = len(xs)
	return Point{xs[n/2], ys[n/2]}, xs[3*n/4] - xs[n/4] + ys[3*n/4] - ys[n/4]
}

func (r *regressor) walk(img *image.Gray, p Point, window float64, mirrored bool) Point {
	side := 1
	if mirrored {
		side = -1
	}
	nodes, leaves := r.nodes, r.leaves
	for range r.stages {
		x, y, size := int(p.X*256), int(p.Y*256), int(math.Round(window))
		var dx, dy float32
		for range r.trees {
			at := 0
			for range r.depth {
				n := nodes[at]
				one := pixel(img, (x+side*int(n[1])*size)>>8, (y+int(n[0])*size)>>8)
				other := pixel(img, (x+side*int(n[3])*size)>>8, (y+int(n[2])*size)>>8)
				at = 2*at + 1
				if one > other {
					at++
				}
			}
			leaf := leaves[at-(1<<r.depth-1)]
			dx, dy = dx+leaf[1], dy+leaf[0]
			nodes, leaves = nodes[1<<r.depth-1:], leaves[1<<r.depth:]
		}
		p = Point{p.X + float64(side)*float64(dx)*window, p.Y + float64(dy)*window}
		window *= r.shrink
	}
	return p
}

// pixel returns the pixel at (x, y), or the closest one if that is outside. The picture begins at (0, 0).
func pixel(img *image.Gray, x, y int) uint8 {
	x, y = min(max(x, 0), img.Rect.Max.X-1), min(max(y, 0), img.Rect.Max.Y-1)
	return img.Pix[y*img.Stride+x]
}
