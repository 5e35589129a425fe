package sdxl_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestForward has the result that tools/goldens/networks.py writes: a batch of two, at step 981 of a picture of 80×72 pixels,
// whose latent has odd sides at some level.
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
		unet := sdxl.New(c.P, config)
		c.Check("eps", unet.Forward(c.S, c.Put("latent"), c.S.Put(time, n, len(time)/n), c.S.Put(added, n, len(added)/n), c.Put("text")))
	})
}
