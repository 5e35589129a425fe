package benchmarks

import (
	"context"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// build makes a network of the published size with random weights, to be computed in a type.
func build(b testing.TB, compute tensor.DType, checkpoint string, make func(nn.Params)) {
	b.Helper()
	shapes, err := keys.Open(checkpoint)
	if err != nil {
		b.Fatal(err)
	}
	memory, err := cpu.Open(1) // holds the convolutions' weights
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { memory.Close() })
	p := nn.NewParams(context.Background(), randomWeights(shapes), memory)
	if compute == tensor.I8 {
		p.ComputeInt8()
	}
	make(p)
	if err := p.Err(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkUNet is one guided step: a batch of two.
func BenchmarkUNet(b *testing.B) {
	for _, size := range sizes {
		for _, compute := range computes {
			b.Run(size.String()+"/"+compute.String(), func(b *testing.B) {
				var unet *sdxl.UNet
				build(b, compute, keys.SDXLUNet, func(p nn.Params) { unet = sdxl.New(p, sdxl.Published) })
				run(b, compute, func(s *backend.Stream) {
					x := s.New(2, size.height/8, size.width/8, 4)
					time, added := s.New(2, 320), s.New(2, 2816)
					unet.Forward(s, x, time, added, s.New(2, 77, 2048))
				})
			})
		}
	}
}

func BenchmarkDecoder(b *testing.B) {
	for _, size := range sizes {
		for _, compute := range computes {
			b.Run(size.String()+"/"+compute.String(), func(b *testing.B) {
				var decoder *vae.Decoder
				build(b, compute, keys.SDXLVAE, func(p nn.Params) { decoder = vae.NewDecoder(p, vae.PublishedSDXL) })
				run(b, compute, func(s *backend.Stream) {
					decoder.Into(s, s.New(1, size.height, size.width, 3), s.New(1, size.height/8, size.width/8, 4))
				})
			})
		}
	}
}

// BenchmarkEncoder is one prompt with a face, through both branches.
func BenchmarkEncoder(b *testing.B) {
	var e *encoder.Encoder
	build(b, tensor.F32, keys.FaceCLIPEncoder, func(p nn.Params) { e = encoder.New(p, encoder.Published) })
	in := encoder.Input{IDs: make([]int32, 77), Replaced: []int{4}, Faces: [][]float32{make([]float32, 3*112*112)}}
	b.Run("prompt/f32", func(b *testing.B) {
		run(b, tensor.F32, func(s *backend.Stream) { e.Forward(s, in) })
	})
}
