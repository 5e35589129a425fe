// Trace draws as portrait does and writes every named intermediate as one safetensors file, to compare with another
// implementation stage by stage:
//
//	go run ./examples/trace -model DIR -face face.png -prompt "A chef in a white apron" -o trace.safetensors
package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/internal/atomicfile"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func main() { cli.Main(trace) }

func trace(ctx context.Context, args []string) error {
	flags, err := cli.Parse("trace writes all intermediates of a drawing as safetensors.", "trace.safetensors", args)
	if err != nil {
		return err
	}
	if err := atomicfile.Try(flags.Out); err != nil { // better now than after an hour
		return fmt.Errorf("-o: %w", err)
	}
	stages := map[string]tensor.Tensor{}
	_, drawn, err := flags.Draw(ctx, func(r *faceclip.Request) {
		r.Observe = func(stage string, t tensor.Tensor) {
			host := tensor.HostMemory(slices.Clone(tensor.Bytes(t)))
			stages[stage] = tensor.Make(host, 0, t.DType(), t.Shape()...)
		}
	})
	if err != nil {
		return err
	}
	return safetensors.WriteFile(flags.Out, texts(drawn), safetensors.Entries(stages))
}

// texts returns what a trace says of its request: of what the reference does not have, what is not usual.
func texts(m faceclip.Metadata) map[string]string {
	g := m.Guidance
	texts := map[string]string{
		"prompt": m.Prompt, "negative": *g.Negative, "seed": fmt.Sprint(m.Seed), "steps": fmt.Sprint(m.Steps),
		"guidance": fmt.Sprint(g.Scale), "size": fmt.Sprintf("%dx%d", m.Width, m.Height),
	}
	for key, text := range map[string]struct{ value, usual string }{
		"sampler": {m.Sampler, "euler"}, "schedule": {m.Schedule, ""},
		"guided": {fmt.Sprintf("%v-%v", g.From, g.Until), "0-1"}, "rescale": {fmt.Sprint(g.Rescale), "0"}, "noise": {m.Noise, "torch-2.6"},
	} {
		if text.value != text.usual {
			texts[key] = text.value
		}
	}
	return texts
}
