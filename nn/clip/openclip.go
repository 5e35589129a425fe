package clip

import "github.com/faceclip-go/faceclip-go/nn"

// OpenCLIP makes a tower from a checkpoint with open_clip's names.
func OpenCLIP(p nn.Params, c Config) *Tower {
	p = p.AllowInt8()
	t := &Tower{
		tokens:    p.Tensor("token_embedding.weight", c.VocabSize, c.Width),
		positions: p.Tensor("positional_embedding", c.Positions, c.Width),
		norm:      p.LayerNorm("ln_final", c.Width, eps),
	}
	for i := range c.Layers {
		t.blocks = append(t.blocks, newOpenCLIPBlock(p.At("transformer.resblocks.%d", i), c))
	}
	// The result of text_projection is not used, nor are the logits.
	p.Unused("text_projection", c.Width, c.Width)
	p.Unused("logit_scale")
	p.Unused("logit_bias")
	return t
}

func newOpenCLIPBlock(p nn.Params, c Config) block {
	p, number := p.Block()
	d := c.Width
	qkv := p.PackedProjection("attn", d)
	return block{
		number: number,
		heads:  c.Heads,
		norm1:  p.LayerNorm("ln_1", d, eps),
		q:      qkv.Rows(0, d),
		k:      qkv.Rows(d, 2*d),
		v:      qkv.Rows(2*d, 3*d),
		out:    p.Linear("attn.out_proj", d, d),
		norm2:  p.LayerNorm("ln_2", d, eps),
		up:     p.Linear("mlp.c_fc", d, c.Intermediate).With(activations[c.Act]),
		down:   p.Linear("mlp.c_proj", c.Intermediate, d),
	}
}
