package clip

import "github.com/faceclip-go/faceclip-go/nn"

// HuggingFace makes a tower from a checkpoint with the names of Hugging Face's CLIPTextModel, below text_model.
func HuggingFace(p nn.Params, c Config) *Tower {
	p = p.At("text_model").AllowInt8()
	t := &Tower{
		tokens:    p.Tensor("embeddings.token_embedding.weight", c.VocabSize, c.Width),
		positions: p.Tensor("embeddings.position_embedding.weight", c.Positions, c.Width),
		norm:      p.LayerNorm("final_layer_norm", c.Width, eps),
	}
	for i := range c.Layers {
		t.blocks = append(t.blocks, newHuggingFaceBlock(p.At("encoder.layers.%d", i), c))
	}
	return t
}

func newHuggingFaceBlock(p nn.Params, c Config) block {
	p, number := p.Block()
	d := c.Width
	return block{
		number: number,
		heads:  c.Heads,
		norm1:  p.LayerNorm("layer_norm1", d, eps),
		q:      p.Linear("self_attn.q_proj", d, d),
		k:      p.Linear("self_attn.k_proj", d, d),
		v:      p.Linear("self_attn.v_proj", d, d),
		out:    p.Linear("self_attn.out_proj", d, d),
		norm2:  p.LayerNorm("layer_norm2", d, eps),
		up:     p.Linear("mlp.fc1", d, c.Intermediate).With(activations[c.Act]),
		down:   p.Linear("mlp.fc2", c.Intermediate, d),
	}
}
