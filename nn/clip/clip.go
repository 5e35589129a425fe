// Package clip is the CLIP text tower: a causal pre-norm transformer over byte-pair tokens.
package clip

import (
	"cmp"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// A Config has the fields of a text tower's config.json.
type Config struct {
	VocabSize    int    `json:"vocab_size"`              // 49408
	Positions    int    `json:"max_position_embeddings"` // 77
	Width        int    `json:"hidden_size"`             // 768, 1280
	Intermediate int    `json:"intermediate_size"`       // 3072, 5120
	Layers       int    `json:"num_hidden_layers"`       // 12, 32
	Heads        int    `json:"num_attention_heads"`     // 12, 20
	Act          string `json:"hidden_act"`              // quick_gelu, gelu
}

// fixed are the fields that transformers' CLIPTextModel computes something else for. Without effect are attention_dropout,
// dropout, projection_dim, which the tensors say, the ids of special tokens, which the tokenizer says, and what training needs.
var fixed = nn.Fixed{"layer_norm_eps": eps, "model_type": "clip_text_model"}

// UnmarshalJSON reads a configuration, and refuses what no tower here computes.
func (c *Config) UnmarshalJSON(data []byte) error {
	type fields Config // without this method
	return fixed.Unmarshal(data, (*fields)(c))
}

// PublishedL is the tower of CLIP ViT-L/14, which both systems use.
var PublishedL = Config{VocabSize: 49408, Positions: 77, Width: 768, Intermediate: 3072, Layers: 12, Heads: 12, Act: "quick_gelu"}

const eps = 1e-5

var activations = map[string]backend.Act{"quick_gelu": backend.QuickGELU, "gelu": backend.GELU}

// Validate reports what no tower can have.
func (c Config) Validate() error {
	width := nn.Size{Name: "hidden_size", Value: c.Width}
	err := cmp.Or(
		nn.CheckWidths(width, nn.Size{Name: "vocab_size", Value: c.VocabSize}, nn.Size{Name: "max_position_embeddings", Value: c.Positions},
			nn.Size{Name: "intermediate_size", Value: c.Intermediate}),
		nn.CheckLayers(nn.Size{Name: "num_hidden_layers", Value: c.Layers}),
		nn.CheckHeads(nn.Size{Name: "num_attention_heads", Value: c.Heads}, width))
	if err == nil && activations[c.Act] == backend.None {
		err = fmt.Errorf("config: hidden_act: %q is not supported", c.Act)
	}
	if err != nil {
		return fmt.Errorf("clip: %w", err)
	}
	return nil
}

// A Tower turns token ids into hidden states.
type Tower struct {
	tokens    Tensor // [vocab, D]
	positions Tensor // [positions, D]
	blocks    []block
	norm      nn.LayerNorm
}

type block struct {
	number       int
	attention    nn.Attention
	norm1, norm2 nn.LayerNorm
	q, k, v, out nn.Linear
	up, down     nn.Linear
}

// Positions returns the positional embedding as activations [1, positions, D].
func (t *Tower) Positions(s *backend.Stream) Tensor {
	return s.Copy(Tensor{}, t.positions.Reshape(1, t.positions.Dim(0), -1))
}

// Embed stores the embeddings of ids [B, L], without positions, in dst [B, L, D].
func (t *Tower) Embed(s *backend.Stream, dst, ids Tensor) { s.Gather(dst, t.tokens, ids) }

// Forward turns the embeddings x [B, L, D] into hidden states after the final norm, in place. All L positions of the
// tower must be there; padding is attended to by later positions only, because attention is causal.
func (t *Tower) Forward(s *backend.Stream, x Tensor) {
	defer s.Release(s.Mark())
	s.Add(x, x, t.Positions(s))
	for i := range t.blocks {
		t.blocks[i].forward(s, x)
	}
	t.norm.InPlace(s, x)
}

// forward updates x [B, L, D] in place.
func (b *block) forward(s *backend.Stream, x Tensor) {
	defer s.Release(s.Mark())
	s.Block(b.number)
	h := b.norm1.Forward(s, x)
	a := b.attention.Into(s, Tensor{}, b.q.Forward(s, h), b.k.Forward(s, h), b.v.Forward(s, h))
	b.out.AddTo(s, x, a, Tensor{})
	b.down.AddTo(s, x, b.up.Forward(s, b.norm2.Forward(s, x)), Tensor{})
}
