package encoder_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestForward has the results that tools/goldens/networks.py writes, for a prompt and two faces: of 512 fused tokens, most of
// them of padding, the first.
func TestForward(t *testing.T) {
	config := golden.Config[encoder.Config](t, mini.FLUX, "face_t5_encoder")
	golden.Run(t, mini.FLUX, "face_t5_encoder", "testdata/encoder.safetensors", func(c *golden.Case) {
		in := encoder.Input{CLIP: tensor.Int32s(c.Tensor("clip")), T5: tensor.Int32s(c.Tensor("t5")), Faces: c.Images("faces")}
		out := encoder.New(c.P, config).Forward(c.S, in)
		c.Check("first", out.Fused.Slice(1, 0, c.Tensor("first").Dim(1)))
		c.Check("pooled", out.Pooled)
	})
}
