// Mkmodel writes a model's folder of the published size with random bfloat16 weights, to measure time and memory with:
//
//	go run ./benchmarks/mkmodel -pipeline sdxl -o DIR    # 9 GB
//	go run ./benchmarks/mkmodel -pipeline flux -o DIR    # 37 GB; -depth 0.5: half of the blocks of T5 and the transformer, 19 GB
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/internal/randomweights"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func main() {
	pipeline := flag.String("pipeline", "sdxl", "which pipeline: sdxl or flux")
	depth := flag.Float64("depth", 1, "of flux, the `fraction` of the blocks of T5 and the transformer that is written")
	out := flag.String("o", "", "output `DIR`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := write(ctx, *pipeline, *depth, *out); err != nil {
		fmt.Fprintln(os.Stderr, "mkmodel:", err)
		os.Exit(1)
	}
}

// A folder is what is written.
type folder struct {
	texts   map[string]string
	weights map[string]string // lists of package keys, by file
	skip    func(name string) bool
}

func write(ctx context.Context, pipeline string, depth float64, out string) error {
	var f folder
	switch {
	case out == "":
		return fmt.Errorf("-o DIR is missing")
	case depth <= 0 || depth > 1 || pipeline != "flux" && depth != 1:
		return fmt.Errorf("-depth %v: a fraction, of flux only", depth)
	case pipeline == "sdxl":
		f = sdxl()
	case pipeline == "flux":
		f = flux(depth)
	default:
		return fmt.Errorf("-pipeline %q: only sdxl and flux are known", pipeline)
	}
	for name, text := range f.texts {
		if err := writeText(filepath.Join(out, name), text); err != nil {
			return err
		}
	}
	for file, checkpoint := range f.weights {
		if err := writeWeights(ctx, checkpoint, f.skip, filepath.Join(out, file)); err != nil {
			return err
		}
	}
	return nil
}

func writeText(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

func writeWeights(ctx context.Context, checkpoint string, skip func(string) bool, file string) error {
	src, err := keys.Open(checkpoint)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	var entries []safetensors.Entry
	for _, name := range src.Names() {
		if skip != nil && skip(name) {
			continue
		}
		t, _ := src.Get(name)
		entries = append(entries, safetensors.Entry{
			Name: name, DType: tensor.BF16, Shape: t.Shape(),
			Data: func(w io.Writer) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				return randomweights.Write(w, name, t.Shape())
			},
		})
	}
	return safetensors.WriteFile(file, map[string]string{"format": "pt"}, entries)
}

func toJSON(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // constants
	}
	return string(text) + "\n"
}
