package clip_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// The files in testdata are written by tools/goldens/networks.py.

func TestOpenCLIP(t *testing.T) {
	config := golden.Config[encoder.Config](t, mini.SDXL, "face_clip_encoder")
	golden.Run(t, mini.SDXL, "face_clip_encoder", "testdata/openclip.safetensors", func(c *golden.Case) {
		c.Check("l.hidden", hidden(c, clip.OpenCLIP(c.P.At("face_clip_l"), config.TextL), config.TextL.Width))
		c.Check("g.hidden", hidden(c, clip.OpenCLIP(c.P.At("face_clip_g"), config.TextG), config.TextG.Width))
	})
}

func TestHuggingFace(t *testing.T) {
	config := golden.Config[facet5.Config](t, mini.FLUX, "face_t5_encoder").CLIP
	golden.Run(t, mini.FLUX, "face_t5_encoder", "testdata/huggingface.safetensors", func(c *golden.Case) {
		c.Check("hidden", hidden(c, clip.HuggingFace(c.P.At("encoder_1"), config), config.Width))
	})
}

func hidden(c *golden.Case, tower *clip.Tower, width int) tensor.Tensor {
	ids := c.Put("ids")
	x := c.S.New(1, ids.Dim(1), width)
	tower.Embed(c.S, x, ids)
	tower.Forward(c.S, x)
	again := c.S.Like(x)
	c.Steady(func() {
		tower.Embed(c.S, again, ids)
		tower.Forward(c.S, again)
	})
	return x
}
