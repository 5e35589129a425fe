// Mkmodel writes a model's folder of the published size with random bfloat16 weights, to measure time and memory with:
//
//	go run ./benchmarks/mkmodel -pipeline sdxl -o DIR
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
	pipeline := flag.String("pipeline", "sdxl", "which pipeline: sdxl")
	out := flag.String("o", "", "output `DIR`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := write(ctx, *pipeline, *out); err != nil {
		fmt.Fprintln(os.Stderr, "mkmodel:", err)
		os.Exit(1)
	}
}

func write(ctx context.Context, pipeline, out string) error {
	switch {
	case pipeline != "sdxl":
		return fmt.Errorf("-pipeline %q: only sdxl is known", pipeline)
	case out == "":
		return fmt.Errorf("-o DIR is missing")
	}
	for name, text := range sdxlFiles() {
		if err := writeText(filepath.Join(out, name), text); err != nil {
			return err
		}
	}
	for _, w := range []struct{ checkpoint, file string }{
		{keys.FaceCLIPEncoder, "face_clip_encoder/model.safetensors"},
		{keys.SDXLUNet, "unet/diffusion_pytorch_model.safetensors"},
		{keys.SDXLVAE, "vae/diffusion_pytorch_model.safetensors"},
	} {
		if err := writeWeights(ctx, w.checkpoint, filepath.Join(out, w.file)); err != nil {
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

func writeWeights(ctx context.Context, checkpoint, file string) error {
	src, err := keys.Open(checkpoint)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	var entries []safetensors.Entry
	for _, name := range src.Names() {
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
