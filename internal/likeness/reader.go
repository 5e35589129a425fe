package likeness

import (
	"context"
	"fmt"
	"image"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// The sizes of the reader: those of tools/demo/reader.py.
const (
	height, width = 224, 160
	groups        = 8
	eps           = 1e-5
	hidden        = 160
)

var channels = []int{3, 24, 48, 96, 64}

// A Reader is a network that reads traits of a person and of a scene off a portrait: four times a convolution of stride 2, group
// norm and SiLU, then two linear layers.
type Reader struct {
	set       *Set
	convs     []nn.Conv2D
	norms     []nn.GroupNorm
	linears   [2]nn.Linear
	Deviation []float32 // of the numbers that are read
	b         backend.Backend
}

// NewReader makes the reader of a set's traits of its weights.
func NewReader(ctx context.Context, b backend.Backend, weights *safetensors.Checkpoint, s *Set) (*Reader, error) {
	r := &Reader{set: s, b: b}
	p := nn.NewParams(ctx, weights, b)
	for i, out := range channels[1:] {
		r.convs = append(r.convs, p.Conv2D(fmt.Sprintf("conv.%d", i), channels[i], out, 3, 2))
		r.norms = append(r.norms, p.GroupNorm(fmt.Sprintf("norm.%d", i), out, groups, eps, backend.SiLU))
	}
	cells := height / 32 * (width / 32) * channels[len(channels)-1]
	r.linears = [2]nn.Linear{p.Linear("linear.0", cells, hidden).With(backend.SiLU), p.Linear("linear.1", hidden, r.outputs())}
	r.Deviation = tensor.Float32s(p.Vector("deviation", len(s.Persons[0].Numbers)))
	return r, p.Err()
}

func (r *Reader) outputs() int {
	n := len(r.set.Persons[0].Numbers) + len(r.set.Parts)
	for _, c := range append(r.set.Traits[:len(r.set.Traits):len(r.set.Traits)], r.set.SceneTraits...) {
		n += len(c.Values)
	}
	return n
}

// A Reading is what is read off a portrait: a score for each value of each trait, numbers, and whether parts are there.
type Reading struct {
	Traits, SceneTraits [][]float32
	Numbers, Parts      []float32
}

// Read reads a portrait.
func (r *Reader) Read(ctx context.Context, portrait image.Image) (Reading, error) {
	const arena = 32 << 20
	s, err := backend.NewStream(r.b, backend.Types{Act: tensor.F32}, arena)
	if err != nil {
		return Reading{}, err
	}
	defer s.Close()
	var scores []float32
	err = s.Do(ctx, func() {
		x := s.Put(halved(portrait), 1, height/2, width/2, 3)
		for i := range r.convs {
			x = r.norms[i].Forward(s, r.convs[i].Forward(s, x))
		}
		x = s.Put(channelsFirst(s.Floats(x), x.Dim(3)), 1, x.Len())
		scores = s.Floats(r.linears[1].Forward(s, r.linears[0].Forward(s, x)))
	})
	return r.split(scores), err
}

func (r *Reader) split(scores []float32) (v Reading) {
	take := func(n int) []float32 {
		part := scores[:n]
		scores = scores[n:]
		return part
	}
	if scores == nil {
		return v
	}
	for _, c := range r.set.Traits {
		v.Traits = append(v.Traits, take(len(c.Values)))
	}
	v.Numbers = take(len(r.Deviation))
	for _, c := range r.set.SceneTraits {
		v.SceneTraits = append(v.SceneTraits, take(len(c.Values)))
	}
	v.Parts = take(len(r.set.Parts))
	return v
}

// halved returns the means of squares of four pixels, from -1 to 1: [height/2, width/2, 3].
func halved(img image.Image) []float32 {
	out := make([]float32, 0, height*width*3/4)
	b := img.Bounds().Min
	for y := 0; y < height; y += 2 {
		for x := 0; x < width; x += 2 {
			var sum [3]float32
			for i := range 4 {
				r, g, b, _ := img.At(b.X+x+i%2, b.Y+y+i/2).RGBA()
				for k, v := range []uint32{r, g, b} {
					sum[k] += float32(v>>8)/127.5 - 1
				}
			}
			for _, v := range sum {
				out = append(out, v/4)
			}
		}
	}
	return out
}

// channelsFirst returns an image [pixels, C] as [C, pixels].
func channelsFirst(v []float32, channels int) []float32 {
	out := make([]float32, 0, len(v))
	for c := range channels {
		for i := c; i < len(v); i += channels {
			out = append(out, v[i])
		}
	}
	return out
}
