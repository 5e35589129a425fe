package benchmarks

import (
	"context"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/internal/randomweights"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/nn/t5"
)

// Tokens of FaceT5-FLUX at 864×1152.
const (
	fluxText    = 512
	fluxImage   = 72 * 54
	facePatches = 144
)

// fluxParts are layers of FaceT5-FLUX of the published widths: one of each kind, with what surrounds it in the network.
var fluxParts = []struct {
	name string
	make func(testing.TB) func(*backend.Stream)
}{
	{"double", func(t testing.TB) func(*backend.Stream) { return ditPart(t, 1, 0) }},
	{"single", func(t testing.TB) func(*backend.Stream) { return ditPart(t, 0, 1) }},
	{"t5", t5Part},
	{"fuser", fuserPart},
}

// randomParams returns a checkpoint of the published shapes with random weights. A part of a network leaves some unused.
func randomParams(t testing.TB, checkpoint string) nn.Params {
	t.Helper()
	shapes, err := keys.Open(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := cpu.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { memory.Close() })
	return nn.NewParams(context.Background(), randomweights.New(shapes), memory)
}

func ditPart(t testing.TB, double, single int) func(*backend.Stream) {
	c := flux.Published
	c.DoubleBlocks, c.SingleBlocks = double, single
	dit := flux.New(randomParams(t, keys.FLUXDiT), c)
	return func(s *backend.Stream) {
		cond := flux.Condition{
			Text: s.New(1, fluxText, c.TextWidth), Pooled: s.New(1, c.PooledWidth),
			Cos: s.New(fluxText+fluxImage, c.HeadWidth/2), Sin: s.New(fluxText+fluxImage, c.HeadWidth/2),
		}
		dit.Forward(s, s.New(1, fluxImage, c.InChannels), cond, 1000)
	}
}

func t5Part(t testing.TB) func(*backend.Stream) {
	c := t5.XXL
	c.Layers = 1
	encoder := t5.New(randomParams(t, keys.FaceT5Encoder).At("encoder_2.t5_encoder"), c)
	return func(s *backend.Stream) {
		encoder.Into(s, s.New(1, fluxText, c.Width), s.PutIDs(make([]int32, fluxText), 1, fluxText))
	}
}

// fuserPart is the first two layers but for the patches of the second one, which reach nothing.
func fuserPart(t testing.TB) func(*backend.Stream) {
	const width = 4096
	c := fuse.Config{Layers: 2, BiDim: 1024, BiHeads: 4, TextHeads: 4, TextIntermediate: 1024, ImageHeads: 8, ImageIntermediate: 2048}
	fuser := fuse.FaceT5(randomParams(t, keys.FaceT5Encoder).At("encoder_2.fuser"), c, width)
	return func(s *backend.Stream) {
		text, pos, patches := s.New(1, fluxText, width), s.New(1, fluxText, width), s.New(1, facePatches, width)
		fuser.Forward(s, text, pos, patches, backend.Tensor{})
	}
}

func BenchmarkFLUX(b *testing.B) {
	for _, part := range fluxParts {
		b.Run(part.name+"/f32", func(b *testing.B) { run(b, part.make(b)) })
	}
}
