package flux_test

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
)

// TestForward has the result that tools/goldens/networks.py writes, for 3×5 tokens of an image.
func TestForward(t *testing.T) {
	config := golden.Config[flux.Config](t, mini.FLUX, "transformer")
	golden.Run(t, mini.FLUX, "transformer", "testdata/dit.safetensors", func(c *golden.Case) {
		prompt := flux.Prompt{Text: c.Put("text"), Pooled: c.Put("pooled")}
		r := config.Rotation(c.S, prompt.Text.Dim(1), 3, 5)
		dit, x := flux.New(c.P, config), c.Put("tokens")
		c.Check("velocity", dit.Forward(c.S, x, prompt, r, 832))
		c.Steady(func() { dit.Forward(c.S, x, prompt, r, 832) })
	})
}
