package vae_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn/vae"
)

// TestDecoder has the results that tools/goldens/networks.py writes.
func TestDecoder(t *testing.T) {
	for _, system := range []mini.System{mini.SDXL, mini.FLUX} {
		t.Run(string(system), func(t *testing.T) {
			config := golden.Config[vae.Config](t, system, "vae")
			golden.Run(t, system, "vae", "testdata/"+string(system)+".safetensors", func(c *golden.Case) {
				z, f := c.Put("latent"), config.Factor()
				image := c.S.New(1, f*z.Dim(1), f*z.Dim(2), 3)
				decoder := vae.NewDecoder(c.P, config)
				decoder.Into(c.S, image, z)
				c.Check("image", image)
				c.Steady(func() { decoder.Into(c.S, image, z) })
			})
		})
	}
}
