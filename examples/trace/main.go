// Trace draws as portrait does and writes every named intermediate as one safetensors file, to compare with another
// implementation stage by stage:
//
//	go run ./examples/trace -model DIR -face face.png -prompt "A chef in a white apron" -o trace.safetensors
package main

import (
	"context"
	"slices"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func main() { cli.Main(trace) }

func trace(ctx context.Context, args []string) error {
	flags, err := cli.Parse("trace writes all intermediates of a drawing as safetensors.", "trace.safetensors", args)
	if err != nil {
		return err
	}
	stages := map[string]tensor.Tensor{}
	_, request, err := flags.Draw(ctx, func(r *faceclip.Request) {
		r.Observe = func(stage string, t tensor.Tensor) {
			host := tensor.HostMemory(slices.Clone(tensor.Bytes(t)))
			stages[stage] = tensor.Make(host, 0, t.DType(), t.Shape()...)
		}
	})
	if err != nil {
		return err
	}
	metadata := map[string]string{}
	for _, t := range cli.Texts(request) {
		metadata[t.Key] = t.Value
	}
	return safetensors.WriteFile(flags.Out, metadata, safetensors.Entries(stages))
}
