package benchmarks

import (
	"context"
	"math"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/nn/t5"
	"github.com/faceclip-go/faceclip-go/tensor"
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
	make func(source) func(*backend.Stream) backend.Tensor
}{
	{"double", func(src source) func(*backend.Stream) backend.Tensor { return ditPart(src, 1, 0) }},
	{"single", func(src source) func(*backend.Stream) backend.Tensor { return ditPart(src, 0, 1) }},
	{"t5", t5Part},
	{"fuser", fuserPart},
}

// A source returns a checkpoint of package keys with random weights. A part of a network leaves some unused.
type source func(checkpoint string) nn.Params

func bf16(t testing.TB) source { return func(name string) nn.Params { return randomParams(t, name) } }

func rounded(t testing.TB) source {
	return func(name string) nn.Params {
		p := randomParams(t, name)
		p.MakeInt8()
		return p
	}
}

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
	return nn.NewParams(context.Background(), randomWeights(shapes), memory)
}

func ditPart(src source, double, single int) func(*backend.Stream) backend.Tensor {
	c := flux.Published
	c.DoubleBlocks, c.SingleBlocks = double, single
	dit := flux.New(src(keys.FLUXDiT), c)
	return func(s *backend.Stream) backend.Tensor {
		prompt := flux.Prompt{Text: s.New(1, fluxText, c.TextWidth), Pooled: s.New(1, c.PooledWidth)}
		return dit.Forward(s, s.New(1, fluxImage, c.InChannels), prompt, c.Rotation(s, fluxText, 72, 54), 1000)
	}
}

func t5Part(src source) func(*backend.Stream) backend.Tensor {
	c := t5.XXL
	c.Layers = 1
	encoder := t5.New(src(keys.FaceT5Encoder).At("encoder_2.t5_encoder"), c)
	ids := make([]int32, fluxText)
	for i := range ids {
		ids[i] = int32(37 * i)
	}
	return func(s *backend.Stream) backend.Tensor {
		x := s.New(1, fluxText, c.Width)
		encoder.Into(s, x, s.PutIDs(ids, 1, fluxText))
		return x
	}
}

// fuserPart is the first two layers but for the patches of the second one, which reach nothing.
func fuserPart(src source) func(*backend.Stream) backend.Tensor {
	const width = 4096
	c := fuse.Config{Layers: 2, BiDim: 1024, BiHeads: 4, TextHeads: 4, TextIntermediate: 1024, ImageHeads: 8, ImageIntermediate: 2048}
	fuser := fuse.FaceT5(src(keys.FaceT5Encoder).At("encoder_2.fuser"), c, width)
	return func(s *backend.Stream) backend.Tensor {
		text, pos, patches := s.New(1, fluxText, width), s.New(1, fluxText, width), s.New(1, facePatches, width)
		fuser.Forward(s, text, pos, patches, backend.Tensor{})
		return text
	}
}

func BenchmarkFLUX(b *testing.B) {
	for _, part := range fluxParts {
		b.Run(part.name+"/f32", func(b *testing.B) { run(b, tensor.F32, discard(part.make(bf16(b)))) })
	}
}

func discard(f func(*backend.Stream) backend.Tensor) func(*backend.Stream) {
	return func(s *backend.Stream) { f(s) }
}

// TestInt8Parts compares the layers with int8 weights with those in bfloat16, for the same random inputs.
func TestInt8Parts(t *testing.T) {
	if !*long {
		t.Skip("takes a minute: -long runs it")
	}
	for _, part := range fluxParts {
		if part.name == "fuser" {
			continue // stays as it is stored
		}
		want, got := output(t, part.make(bf16(t))), output(t, part.make(rounded(t)))
		var noise, signal float64
		for i, w := range want {
			noise += float64(got[i]-w) * float64(got[i]-w)
			signal += float64(w) * float64(w)
		}
		off := math.Sqrt(noise / signal)
		t.Logf("%s: relative error %.2g", part.name, off)
		// A weight is off by half a step at most, a product by about 1 %; the softmax of random scores makes more of that.
		if !(off > 0 && off < 0.1) {
			t.Errorf("%s: relative error %v", part.name, off)
		}
	}
}

// output returns what f makes of the arena's numbers, which are the same each time.
func output(t *testing.T, f func(*backend.Stream) backend.Tensor) (v []float32) {
	t.Helper()
	device, err := cpu.Open(workers)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	cost := backend.Measure(device, backend.Types{Act: tensor.F32}, func(s *backend.Stream) { s.Floats(f(s)) })
	s, err := backend.NewStream(device, backend.Types{Act: tensor.F32}, cost.Peak)
	if err != nil {
		t.Fatal(err)
	}
	fillArena(s, cost.Peak)
	if err := s.Do(context.Background(), func() { v = s.Floats(f(s)) }); err != nil {
		t.Fatal(err)
	}
	return v
}
