// Trace draws as portrait does and writes every named intermediate as one safetensors file, to compare with another
// implementation stage by stage:
//
//	go run ./examples/trace -model DIR -face face.png -prompt "A chef in a white apron" -o trace.safetensors
package main

import (
	"context"
	"slices"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func main() { cli.Main(trace) }

func trace(ctx context.Context, args []string) error {
	flags, err := cli.Parse("trace writes all intermediates of a drawing as safetensors.", "trace.safetensors", args)
	if err != nil {
		return err
	}
	request, err := flags.Request()
	if err != nil {
		return err
	}
	pipeline, err := flags.Open(ctx)
	if err != nil {
		return err
	}
	defer pipeline.Close()
	resolved, err := pipeline.Resolve(request)
	if err != nil {
		return err
	}

	stages := map[string]tensor.Tensor{}
	request.Observe = func(stage string, t tensor.Tensor) {
		host := tensor.HostMemory(slices.Clone(tensor.Bytes(t)))
		stages[stage] = tensor.Make(host, 0, t.DType(), t.Shape()...)
	}
	end := cli.ShowProgress(request)
	_, err = pipeline.Generate(ctx, request)
	end()
	if err != nil {
		return err
	}
	metadata := map[string]string{}
	for _, t := range cli.Texts(resolved) {
		metadata[t.Key] = t.Value
	}
	return safetensors.WriteFile(flags.Out, metadata, safetensors.Entries(stages))
}
