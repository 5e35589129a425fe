package flux

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

const (
	eps       = 1e-6
	timeWidth = 256 // of the sinusoids
	// embeddedGuidance is what the guidance-distilled model is told. The reference leaves it at 1 and guides by the
	// difference of two forwards instead. Its sinusoid, as that of the time, is of a thousand times the value.
	embeddedGuidance = 1000 * 1
)

// A DiT is the transformer.
type DiT struct {
	config               Config
	image, text          nn.Linear // into the width of the transformer
	time, guidance, pool nn.Embedder
	double               []doubleBlock
	single               []singleBlock
	modulation           nn.Linear
	out                  nn.Linear
}

// New makes a transformer.
func New(p nn.Params, c Config) *DiT {
	p = p.AllowInt8().Integers()
	d, embed := c.Width(), p.At("time_text_embed")
	t := &DiT{
		config:     c,
		image:      p.Exact().Linear("x_embedder", c.InChannels, d),
		text:       p.Linear("context_embedder", c.TextWidth, d),
		time:       embed.Embedder("timestep_embedder", timeWidth, d),
		pool:       embed.Embedder("text_embedder", c.PooledWidth, d),
		modulation: p.Exact().Linear("norm_out.linear", d, 2*d),
		out:        p.Exact().Linear("proj_out", d, c.InChannels),
	}
	if c.Guidance {
		t.guidance = embed.Embedder("guidance_embedder", timeWidth, d)
	}
	for i := range c.DoubleBlocks {
		t.double = append(t.double, newDoubleBlock(p.At("transformer_blocks.%d", i), c))
	}
	for i := range c.SingleBlocks {
		t.single = append(t.single, newSingleBlock(p.At("single_transformer_blocks.%d", i), c))
	}
	return t
}

// A Prompt is what a picture is to show.
type Prompt struct {
	Text   Tensor // [1, T, Dt]
	Pooled Tensor // [1, Dp]
}

// Forward returns the velocity of the tokens x [1, N, C] at time t, which is 1000 at pure noise and 0 at the picture. The
// rotation is that of T + N tokens.
func (d *DiT) Forward(s *backend.Stream, x Tensor, prompt Prompt, r Rotation, t float32) Tensor {
	y := s.Like(x)
	defer s.Release(s.Mark())
	e := d.embed(s, prompt.Pooled, t)

	n, tokens := prompt.Text.Dim(1), x.Dim(1)
	all := s.New(1, n+tokens, d.config.Width()) // text first, image second
	text, image := all.Slice(1, 0, n), all.Slice(1, n, n+tokens)
	d.text.Into(s, text, prompt.Text)
	d.image.Into(s, image, x)
	for i := range d.double {
		d.double[i].forward(s, image, text, e, r)
	}
	for i := range d.single {
		d.single[i].forward(s, all, e, r)
	}
	m, width := d.modulation.Forward(s, e), d.config.Width()
	last := modulation{scale: m.Slice(1, 0, width), shift: m.Slice(1, width, 2*width)} // in this order only here
	return d.out.Into(s, y, last.enter(s, image))
}

// embed returns SiLU of the embedded time, guidance and prompt [1, D]: all modulations begin with it.
func (d *DiT) embed(s *backend.Stream, pooled Tensor, t float32) Tensor {
	e := s.NewOf(tensor.F32, 1, d.config.Width())
	defer s.Release(s.Mark())
	s.Copy(e, d.time.Forward(s, sinusoid(s, t)))
	if d.config.Guidance {
		d.guidance.AddTo(s, e, sinusoid(s, embeddedGuidance))
	}
	d.pool.AddTo(s, e, pooled)
	return s.Act(e, e, backend.SiLU)
}

// sinusoid returns a number as embedders read it.
func sinusoid(s *backend.Stream, t float32) Tensor {
	return s.Table(func(dst []float32) { nn.Sinusoid(dst, t) }, 1, timeWidth)
}
