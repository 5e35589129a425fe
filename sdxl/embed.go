package sdxl

import "github.com/faceclip-go/faceclip-go/nn"

// Time returns the input of the time embedding for timestep t.
func (c Config) Time(t float32) []float32 { return nn.Sinusoid(t, c.Channels[0]) }

// Added returns the added conditions of one image: its pooled text, then the sizes of the original (height, width), of
// the corner of the crop (0, 0) and of the target (height, width), each as a sinusoid.
func (c Config) Added(pooled []float32, width, height int) []float32 {
	added := append([]float32(nil), pooled...)
	for _, size := range []int{height, width, 0, 0, height, width} {
		added = append(added, nn.Sinusoid(float32(size), c.SizeWidth)...)
	}
	return added
}
