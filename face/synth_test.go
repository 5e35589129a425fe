package face

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
)

// A scene is a made-up photo with at most one face, whose crop is known.
type scene struct {
	img       *image.RGBA
	face      int // which sample; -1: none
	side      float64
	roll      float64 // degrees
	transform [6]float64
}

// draw makes the scene of a seed. The photo has distractors all over; then the face goes onto them.
func newScene(seed uint64, faces []sample, withFace bool) scene {
	r := rand.New(rand.NewPCG(seed, 7))
	s := scene{face: -1}
	w, h := 600+r.IntN(1000), 600+r.IntN(1000)
	if withFace {
		s.face = r.IntN(len(faces))
		s.side = 100 * math.Pow(8, r.Float64())
		s.roll = 90*r.Float64() - 45
		need := int(s.side*1.42) + 8 // the diagonal
		w, h = max(w, need), max(h, need)
	}
	s.img = background(r, w, h)
	if withFace {
		s.paste(r, faces[s.face].img)
	}
	return s
}

// paste puts a face at a random position, with another brightness and contrast.
func (s *scene) paste(r *rand.Rand, face image.Image) {
	sin, cos := math.Sincos(s.roll * math.Pi / 180)
	reach := s.side/2*(math.Abs(sin)+cos) + 1
	b := s.img.Rect
	x := reach + r.Float64()*(float64(b.Dx())-2*reach)
	y := reach + r.Float64()*(float64(b.Dy())-2*reach)
	s.put(face, x, y, 0.55+0.75*r.Float64(), 30*(r.Float64()-0.5))
}

// put puts a face around (x, y), with each colour times gain plus lift.
func (s *scene) put(face image.Image, x, y, gain, lift float64) {
	sin, cos := math.Sincos(s.roll * math.Pi / 180)
	reach, scale, b := s.side/2*(math.Abs(sin)+cos)+1, s.side/Size, s.img.Rect
	a, c := scale*cos, scale*sin
	const mid = float64(Size-1) / 2
	s.transform = [6]float64{a, -c, x - a*mid + c*mid, c, a, y - c*mid - a*mid}
	small := shrunk(face, scale)
	for py := max(0, int(y-reach)); py < min(b.Dy(), int(y+reach)+1); py++ {
		for px := max(0, int(x-reach)); px < min(b.Dx(), int(x+reach)+1); px++ {
			dx, dy := (float64(px)-x)/scale, (float64(py)-y)/scale
			u, v := cos*dx+sin*dy+mid, cos*dy-sin*dx+mid
			if min(u, v) < 0 || max(u, v) > Size-1 {
				continue
			}
			red, green, blue := small.at(u, v)
			s.img.SetRGBA(px, py, color.RGBA{level(gain*red + lift), level(gain*green + lift), level(gain*blue + lift), 255})
		}
	}
}

func level(v float64) uint8 { return uint8(min(max(v+0.5, 0), 255)) }

// A mip is a picture shrunk by a whole number.
type mip struct {
	by, side int
	pix      []float64
}

// shrunk averages a face so far that sampling it at the scale loses nothing.
func shrunk(img image.Image, scale float64) mip {
	m := mip{by: 1}
	for float64(2*m.by)*scale <= 1.3 {
		m.by *= 2
	}
	m.side = Size / m.by
	m.pix = make([]float64, 3*m.side*m.side)
	b := img.Bounds().Min
	for y := range m.side * m.by {
		for x := range m.side * m.by {
			red, green, blue, _ := img.At(b.X+x, b.Y+y).RGBA()
			at := 3 * (y/m.by*m.side + x/m.by)
			for i, v := range []uint32{red, green, blue} {
				m.pix[at+i] += float64(v) / 257 / float64(m.by*m.by)
			}
		}
	}
	return m
}

// at interpolates at a position of the whole picture.
func (m mip) at(x, y float64) (red, green, blue float64) {
	by := float64(m.by)
	x, y = min(max((x+0.5)/by-0.5, 0), float64(m.side-1)), min(max((y+0.5)/by-0.5, 0), float64(m.side-1))
	i, j := min(int(x), m.side-2), min(int(y), m.side-2)
	fx, fy := x-float64(i), y-float64(j)
	var c [3]float64
	for k := range c {
		p := func(i, j int) float64 { return m.pix[3*(j*m.side+i)+k] }
		c[k] = (p(i, j)*(1-fx)+p(i+1, j)*fx)*(1-fy) + (p(i, j+1)*(1-fx)+p(i+1, j+1)*fx)*fy
	}
	return c[0], c[1], c[2]
}
