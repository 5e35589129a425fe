package vit_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn/vit"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestViT has the results that tools/goldens/networks.py writes, for one face and for the mean of two.
func TestViT(t *testing.T) {
	config := golden.Config[encoder.Config](t, mini.SDXL, "face_clip_encoder").Vision
	golden.Run(t, mini.SDXL, "face_clip_encoder", "testdata/vit.safetensors", func(c *golden.Case) {
		p := c.P.At("face_clip_g.face_encoder")
		net, head := vit.New(p, config), vit.NewHead(p, config)
		faces := c.Images("faces")
		for prefix, n := range map[string]int{"": 1, "mean.": 2} {
			patch, class := c.S.New(1, config.Tokens(), config.Width), c.S.New(1, config.Classes)
			vit.Mean(c.S, n, func(i int, y []tensor.Tensor) {
				net.Into(c.S, y[0], net.Put(c.S, faces[i]))
				head.Into(c.S, y[1], y[0])
			}, patch, class)
			c.Check(prefix+"patch", patch)
			c.Check(prefix+"class", class)
		}
	})
}
