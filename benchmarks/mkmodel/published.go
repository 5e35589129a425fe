package main

import (
	"math"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sdxl"
)

// A component is a folder with a network of the published size.
type component struct {
	folder, file string // of the weights
	config       any
	build        func(nn.Params)
}

func publishedSDXL() []component {
	return []component{
		{"face_clip_encoder", "model", encoder.Published, func(p nn.Params) { encoder.New(p, encoder.Published) }},
		{"unet", "diffusion_pytorch_model", sdxl.Published, func(p nn.Params) { sdxl.New(p, sdxl.Published) }},
		decoder(vae.PublishedSDXL),
	}
}

// publishedFLUX has a part of the published blocks.
func publishedFLUX(depth float64) []component {
	part := func(blocks int) int { return int(math.Ceil(depth * float64(blocks))) }
	sizes, transformer := facet5.Published, flux.Published
	sizes.Text.Layers = part(sizes.Text.Layers)
	transformer.DoubleBlocks, transformer.SingleBlocks = part(transformer.DoubleBlocks), part(transformer.SingleBlocks)
	return []component{
		{"face_t5_encoder", "model", sizes, func(p nn.Params) { facet5.New(p, sizes) }},
		{"transformer", "diffusion_pytorch_model", transformer, func(p nn.Params) { flux.New(p, transformer) }},
		decoder(vae.PublishedFLUX),
	}
}

func decoder(c vae.Config) component {
	return component{"vae", "diffusion_pytorch_model", c, func(p nn.Params) { vae.NewDecoder(p, c) }}
}
