package fuse_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// The files in testdata are written by tools/goldens/networks.py.

func TestFaceCLIP(t *testing.T) {
	config := golden.Config[encoder.Config](t, mini.SDXL, "face_clip_encoder")
	golden.Run(t, mini.SDXL, "face_clip_encoder", "testdata/faceclip.safetensors", func(c *golden.Case) {
		const grid = 5
		fuser := fuse.FaceCLIP(c.P.At("face_clip_g.fuser"), config.Fuser, config.TextG.Width, grid)
		text := c.Put("text")
		fuser.Forward(c.S, text, c.Put("text_pos"), c.Put("patches"), c.Put("patch_pos"))
		c.Check("fused", text)
	})
}

func TestFaceT5(t *testing.T) {
	config := golden.Config[facet5.Config](t, mini.FLUX, "face_t5_encoder")
	golden.Run(t, mini.FLUX, "face_t5_encoder", "testdata/facet5.safetensors", func(c *golden.Case) {
		fuser := fuse.FaceT5(c.P.At("encoder_2.fuser"), config.Fuser, config.Text.Width)
		text := c.Put("text")
		fuser.Forward(c.S, text, c.Put("text_pos"), c.Put("patches"), tensor.Tensor{})
		c.Check("fused", text)
	})
}
