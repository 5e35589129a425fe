package nn

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
)

// An Embedder turns a condition, such as the sinusoid of a time, into an embedding: two linear layers with SiLU between. They are
// exact: what they compute becomes a vector.
type Embedder struct{ in, out Linear }

// Embedder returns the layers with the keys name.linear_1 and name.linear_2.
func (p Params) Embedder(name string, in, width int) Embedder {
	p = p.At("%s", name).Exact()
	return Embedder{p.Linear("linear_1", in, width).With(backend.SiLU), p.Linear("linear_2", width, width)}
}

// Forward returns the embedding [B, width] of x [B, in].
func (e *Embedder) Forward(s *backend.Stream, x Tensor) Tensor {
	return e.out.Forward(s, e.in.Forward(s, x))
}

// AddTo adds the embedding of x [B, in] to dst [B, width].
func (e *Embedder) AddTo(s *backend.Stream, dst, x Tensor) {
	defer s.Release(s.Mark())
	e.out.AddTo(s, dst, e.in.Forward(s, x), Tensor{})
}

// Sinusoid stores cosines in the first half of dst, then as many sines, of t at frequencies from 1 down to about 1/10000.
// Frequencies and angles are rounded to float32, as the reference does.
func Sinusoid(dst []float32, t float32) {
	const logPeriod = float32(-9.210340371976184) // -ln 10000
	half := len(dst) / 2
	for k := range half {
		exponent := float32(logPeriod*float32(k)) / float32(half)
		angle := float64(t * float32(math.Exp(float64(exponent))))
		dst[k], dst[half+k] = float32(math.Cos(angle)), float32(math.Sin(angle))
	}
	clear(dst[2*half:])
}
