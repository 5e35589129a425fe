package cli

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// Texts returns a request, resolved by its pipeline, as metadata.
func Texts(r *faceclip.Request) []Text {
	return []Text{
		{"prompt", r.Prompt},
		{"negative", *r.Negative},
		{"seed", fmt.Sprint(r.Seed)},
		{"steps", fmt.Sprint(r.Steps)},
		{"guidance", fmt.Sprint(r.Guidance)},
		{"size", fmt.Sprintf("%dx%d", r.Width, r.Height)},
	}
}
