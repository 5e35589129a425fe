package sdxl

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// An embedder turns sinusoids into an embedding of the resnets' width.
type embedder struct{ in, out nn.Linear }

func newEmbedder(p nn.Params, in, width int) embedder {
	return embedder{p.Linear("linear_1", in, width).With(backend.SiLU), p.Linear("linear_2", width, width)}
}

func (e *embedder) forward(s *backend.Stream, x Tensor) Tensor {
	return e.out.Forward(s, e.in.Forward(s, x))
}

// Time returns the input of the time embedding for timestep t.
func (c Config) Time(t float32) []float32 { return sinusoid(t, c.Channels[0]) }

// Added returns the added conditions of one image: its pooled text, then the sizes of the original (height, width), of
// the corner of the crop (0, 0) and of the target (height, width), each as a sinusoid.
func (c Config) Added(pooled []float32, width, height int) []float32 {
	added := append([]float32(nil), pooled...)
	for _, size := range []int{height, width, 0, 0, height, width} {
		added = append(added, sinusoid(float32(size), c.SizeWidth)...)
	}
	return added
}

// sinusoid returns dim/2 cosines, then as many sines, of t at frequencies from 1 down to about 1/10000.
// Frequencies and angles are rounded to float32, as the reference does.
func sinusoid(t float32, dim int) []float32 {
	const logPeriod = float32(-9.210340371976184) // -ln 10000
	half := dim / 2
	out := make([]float32, dim)
	for k := range half {
		exponent := float32(logPeriod*float32(k)) / float32(half)
		angle := float64(t * float32(math.Exp(float64(exponent))))
		out[k], out[half+k] = float32(math.Cos(angle)), float32(math.Sin(angle))
	}
	return out
}
