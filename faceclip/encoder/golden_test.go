package encoder_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestForward has the results that tools/goldens/networks.py writes, for a prompt and two faces.
func TestForward(t *testing.T) {
	config := golden.Config[encoder.Config](t, mini.SDXL, "face_clip_encoder")
	golden.Run(t, mini.SDXL, "face_clip_encoder", "testdata/encoder.safetensors", func(c *golden.Case) {
		in := encoder.Input{IDs: tensor.Int32s(c.Tensor("ids")), Replaced: []int{4}, Faces: c.Images("faces")}
		out := encoder.New(c.P, config).Forward(c.S, in)
		c.Check("context", out.Context)
		c.Check("pooled", out.Pooled)
	})
}
