package clip

import "github.com/faceclip-go/faceclip-go/nn"

// names are what a checkpoint calls the parts of a tower and, below the number of one, of a block.
type names struct {
	tokens, positions, norm, blocks string
	norm1, out, norm2, up, down     string
}

// HuggingFace makes a tower from a checkpoint with the names of Hugging Face's CLIPTextModel, below text_model.
func HuggingFace(p nn.Params, c Config) *Tower {
	n := names{
		tokens: "embeddings.token_embedding.weight", positions: "embeddings.position_embedding.weight",
		norm: "final_layer_norm", blocks: "encoder.layers",
		norm1: "layer_norm1", out: "self_attn.out_proj", norm2: "layer_norm2", up: "mlp.fc1", down: "mlp.fc2",
	}
	return newTower(p.At("text_model"), c, n, func(p nn.Params, d int) (q, k, v nn.Linear) {
		p = p.At("self_attn")
		return p.Linear("q_proj", d, d), p.Linear("k_proj", d, d), p.Linear("v_proj", d, d)
	})
}

// OpenCLIP makes a tower from a checkpoint with open_clip's names.
func OpenCLIP(p nn.Params, c Config) *Tower {
	// The result of text_projection is not used, nor are the logits.
	p.Unused("text_projection", c.Width, c.Width)
	p.Unused("logit_scale")
	p.Unused("logit_bias")
	n := names{
		tokens: "token_embedding.weight", positions: "positional_embedding", norm: "ln_final", blocks: "transformer.resblocks",
		norm1: "ln_1", out: "attn.out_proj", norm2: "ln_2", up: "mlp.c_fc", down: "mlp.c_proj",
	}
	return newTower(p, c, n, func(p nn.Params, d int) (q, k, v nn.Linear) {
		qkv := p.PackedProjection("attn", d)
		return qkv.Rows(0, d), qkv.Rows(d, 2*d), qkv.Rows(2*d, 3*d)
	})
}

// newTower makes a tower. Projections makes the layers of the queries, keys and values of a block.
func newTower(p nn.Params, c Config, n names, projections func(p nn.Params, width int) (q, k, v nn.Linear)) *Tower {
	p = p.AllowInt8()
	d := c.Width
	t := &Tower{
		tokens:    p.Tensor(n.tokens, c.VocabSize, d),
		positions: p.Tensor(n.positions, c.Positions, d),
		norm:      p.LayerNorm(n.norm, d, eps),
	}
	causal := p.Attention(c.Heads)
	causal.Causal = true
	for i := range c.Layers {
		p, number := p.At("%s.%d", n.blocks, i).Block()
		q, k, v := projections(p, d)
		t.blocks = append(t.blocks, block{
			number:    number,
			attention: causal,
			norm1:     p.LayerNorm(n.norm1, d, eps),
			q:         q,
			k:         k,
			v:         v,
			out:       p.Linear(n.out, d, d),
			norm2:     p.LayerNorm(n.norm2, d, eps),
			up:        p.Linear(n.up, d, c.Intermediate).With(activations[c.Act]),
			down:      p.Linear(n.down, c.Intermediate, d),
		})
	}
	return t
}
