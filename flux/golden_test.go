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
		text := c.Put("text")
		r := config.Rotation(text.Dim(1), 3, 5)
		condition := flux.Condition{
			Text: text, Pooled: c.Put("pooled"), Cos: c.S.Put(r.Cos(), r.Shape()...), Sin: c.S.Put(r.Sin(), r.Shape()...),
		}
		c.Check("velocity", flux.New(c.P, config).Forward(c.S, c.Put("tokens"), condition, 832))
	})
}
