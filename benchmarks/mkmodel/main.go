// Mkmodel writes a model's folder with random weights: of the published size, in bfloat16, to measure time and memory with,
// or a miniature, to compare with the reference:
//
//	go run ./benchmarks/mkmodel -pipeline sdxl -o DIR         # 9 GB
//	go run ./benchmarks/mkmodel -pipeline flux -o DIR         # 37 GB; -depth 0.5: half of the blocks of T5 and the transformer, 19 GB
//	go run ./benchmarks/mkmodel -pipeline mini-sdxl -o DIR    # what mini.Random gives, 6 MB; mini-flux likewise
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path"
	"path/filepath"

	"github.com/faceclip-go/faceclip-go/internal/randomweights"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func main() {
	pipeline := flag.String("pipeline", "sdxl", "which pipeline: sdxl, flux, mini-sdxl or mini-flux")
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

func write(ctx context.Context, pipeline string, depth float64, out string) error {
	switch {
	case out == "":
		return fmt.Errorf("-o DIR is missing")
	case depth <= 0 || depth > 1 || pipeline != "flux" && depth != 1:
		return fmt.Errorf("-depth %v: a fraction, of flux only", depth)
	}
	switch pipeline {
	case "mini-sdxl":
		return os.CopyFS(out, mini.Random(mini.SDXL))
	case "mini-flux":
		return os.CopyFS(out, mini.Random(mini.FLUX))
	case "sdxl":
		return writePublished(ctx, mini.SDXL, publishedSDXL(), out)
	case "flux":
		return writePublished(ctx, mini.FLUX, publishedFLUX(depth), out)
	}
	return fmt.Errorf("-pipeline %q: only sdxl, flux, mini-sdxl and mini-flux are known", pipeline)
}

// writePublished writes components, and what they have in common with the miniature: all but the vocabulary of CLIP, whose
// size a network must have. That of T5 may be smaller.
func writePublished(ctx context.Context, system mini.System, components []component, out string) error {
	vocab, merges := vocabulary()
	texts := map[string]string{"tokenizer/vocab.json": vocab, "tokenizer/merges.txt": merges}
	files := mini.Random(system)
	for _, name := range []string{"model_index.json", "scheduler/scheduler_config.json", "tokenizer_2/spiece.model"} {
		if text, err := fs.ReadFile(files, name); err == nil { // SDXL has no T5
			texts[name] = string(text)
		}
	}
	for _, c := range components {
		texts[path.Join(c.folder, "config.json")] = toJSON(c.config)
	}
	for name, text := range texts {
		if err := writeText(filepath.Join(out, name), text); err != nil {
			return err
		}
	}
	for _, c := range components {
		if err := c.write(ctx, out); err != nil {
			return err
		}
	}
	return nil
}

// write writes the weights.
func (c component) write(ctx context.Context, out string) error {
	entries := randomweights.Entries(nn.Shapes(c.build), tensor.BF16)
	for i, e := range entries {
		entries[i].Data = func(w io.Writer) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return e.Data(w)
		}
	}
	file := filepath.Join(out, c.folder, c.file+".safetensors")
	return safetensors.WriteFile(file, map[string]string{"format": "pt"}, entries)
}

func writeText(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

func toJSON(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // constants
	}
	return string(text) + "\n"
}
