package t5_test

import (
	"testing"

	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn/t5"
)

// TestEncoder has the results that tools/goldens/networks.py writes.
func TestEncoder(t *testing.T) {
	config := golden.Config[facet5.Config](t, mini.FLUX, "face_t5_encoder").Text
	golden.Run(t, mini.FLUX, "face_t5_encoder", "testdata/t5.safetensors", func(c *golden.Case) {
		encoder, ids := t5.New(c.P.At("encoder_2.t5_encoder"), config), c.Put("ids")
		x := c.S.New(1, ids.Dim(1), config.Width)
		encoder.Into(c.S, x, ids)
		c.Check("hidden", x)
		c.Steady(func() { encoder.Into(c.S, x, ids) })
	})
}
