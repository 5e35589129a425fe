package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// warn says which of the prompts that were given have parts that are not read.
func (f *Flags) warn(ctx context.Context, to io.Writer, p *faceclip.Pipeline, r *faceclip.Request) error {
	counts, err := p.TokensContext(ctx, r)
	if err != nil {
		return err
	}
	for _, c := range counts {
		name := map[string]string{"Prompt": "prompt", "Guidance.Negative": "negative"}[c.Field]
		if c.Cut() && (name == "prompt" || f.explicit[name]) { // not of the reference's negative prompt
			fmt.Fprintf(to, "Warning: -%s is cut: %s reads the first %d of its %d tokens.\n", name, c.Encoder, c.Limit, c.Used)
		}
	}
	return nil
}
