package sdxl

import (
	"math"

	"github.com/faceclip-go/faceclip-go/nn"
)

// Time returns the input of the time embedding for timestep t.
func (c Config) Time(t float32) []float32 { return sinusoid(t, c.Channels[0]) }

func sinusoid(t float32, dim int) []float32 {
	values := make([]float32, dim)
	nn.Sinusoid(values, t)
	return values
}

// Guidance returns the sinusoids of a scale of guidance, which [UNet.Tell] takes: sines, then cosines, of a thousand times what it
// is above 1, at frequencies from 1 down to 1/10000.
func (c Config) Guidance(scale float32) []float32 {
	half, values := c.GuidanceWidth/2, make([]float32, c.GuidanceWidth)
	step := float32(math.Log(10000)) / float32(half-1)
	for k := range half {
		angle := float64((scale - 1) * 1000 * float32(math.Exp(float64(float32(k)*-step))))
		values[k], values[half+k] = float32(math.Sin(angle)), float32(math.Cos(angle))
	}
	return values
}

// Added returns the added conditions of one image: its pooled text, then the sizes of the original (height, width), of
// the corner of the crop (0, 0) and of the target (height, width), each as a sinusoid.
func (c Config) Added(pooled []float32, width, height int) []float32 {
	added := append([]float32(nil), pooled...)
	for _, size := range []int{height, width, 0, 0, height, width} {
		added = append(added, sinusoid(float32(size), c.SizeWidth)...)
	}
	return added
}
