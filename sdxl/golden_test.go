package sdxl_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestForward has the result that tools/goldens/networks.py writes: a batch of two, at step 981 of a picture of 80×72 pixels,
// whose latent has odd sides at some level. Other is with a norm_eps that is not the published one.
func TestForward(t *testing.T) {
	config := golden.Config[sdxl.Config](t, mini.SDXL, "unet")
	golden.Run(t, mini.SDXL, "unet", "testdata/unet.safetensors", func(c *golden.Case) {
		var time, added []float32
		pooled := c.Tensor("pooled")
		for i := range pooled.Dim(0) {
			time = append(time, config.Time(981)...)
			added = append(added, config.Added(tensor.Float32s(pooled.Slice(0, i, i+1)), 80, 72)...)
		}
		n := pooled.Dim(0)
		for name, normEps := range map[string]float32{"eps": 1e-5, "other": 0.01} {
			config.Eps = normEps
			unet := sdxl.New(c.P, config)
			x, time, added, text := c.Put("latent"), c.S.Put(time, n, len(time)/n), c.S.Put(added, n, len(added)/n), c.Put("text")
			c.Check(name, unet.Forward(c.S, x, time, added, text))
			c.Steady(func() { unet.Forward(c.S, x, time, added, text) })
		}
	})
}
