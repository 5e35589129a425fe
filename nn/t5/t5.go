// Package t5 is the encoder of T5 (arXiv 1910.10683, in its version 1.1), as FlashT5 names its weights.
package t5

import (
	"cmp"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

const eps = 1e-6

// A Config has the fields of the encoder's config.json below "text".
type Config struct {
	VocabSize    int `json:"vocab_size"` // 32128
	Width        int `json:"d_model"`    // 4096
	HeadWidth    int `json:"d_kv"`       // 64
	Intermediate int `json:"d_ff"`       // 10240
	Layers       int `json:"num_layers"` // 24
	Heads        int `json:"num_heads"`  // 64
	Buckets      int `json:"relative_attention_num_buckets"`
	MaxDistance  int `json:"relative_attention_max_distance"`
	Tokens       int `json:"max_length"` // 512
}

// fixed are the fields that transformers' T5EncoderModel computes something else for. Without effect are those of dropout, of
// the decoder, of special tokens, which the tokenizer says, and of training.
var fixed = nn.Fixed{
	"dense_act_fn":       "gelu_new",
	"feed_forward_proj":  "gated-gelu",
	"is_decoder":         false,
	"is_gated_act":       true,
	"layer_norm_epsilon": eps,
	"model_type":         "t5",
}

// UnmarshalJSON reads a configuration, and refuses what the encoder does not compute.
func (c *Config) UnmarshalJSON(data []byte) error {
	type fields Config // without this method
	return fixed.Unmarshal(data, (*fields)(c))
}

// XXL is the size of the published T5-XXL.
var XXL = Config{
	VocabSize: 32128, Width: 4096, HeadWidth: 64, Intermediate: 10240, Layers: 24, Heads: 64,
	Buckets: 32, MaxDistance: 128, Tokens: 512,
}

// maxTokens bounds the table of biases, which has this size squared for each head.
const maxTokens = 1 << 12

// Validate reports what no encoder can have.
func (c Config) Validate() error {
	heads, each := nn.Size{Name: "num_heads", Value: c.Heads}, nn.Size{Name: "d_kv", Value: c.HeadWidth}
	err := cmp.Or(
		nn.CheckWidths(nn.Size{Name: "vocab_size", Value: c.VocabSize}, nn.Size{Name: "d_model", Value: c.Width},
			nn.Size{Name: "d_ff", Value: c.Intermediate}, heads, each),
		nn.CheckHead(each), nn.CheckWidths(nn.Size{Name: "num_heads times d_kv", Value: c.Heads * c.HeadWidth}),
		nn.CheckLayers(nn.Size{Name: "num_layers", Value: c.Layers}))
	switch {
	case err != nil:
		return fmt.Errorf("t5: %w", err)
	case c.Tokens < 2 || c.Tokens > maxTokens:
		return fmt.Errorf("t5: config: max_length %d is not between 2 and %d", c.Tokens, maxTokens)
	case c.Buckets < 4 || c.Buckets > maxTokens || c.Buckets%4 != 0 || c.MaxDistance <= c.Buckets/4:
		return fmt.Errorf("t5: config: %d relative_attention_num_buckets up to relative_attention_max_distance %d",
			c.Buckets, c.MaxDistance)
	}
	return nil
}

// An Encoder turns token ids into hidden states.
type Encoder struct {
	config Config
	tokens Tensor // [vocab, D]
	bias   Tensor // [buckets, heads]: what a relative position adds to the scores, in all layers
	blocks []block
	norm   nn.RMSNorm
}

type block struct {
	number         int
	heads          int
	norm1, norm2   nn.RMSNorm
	q, k, v, out   nn.Linear
	gate, up, down nn.Linear
}

// New makes an encoder.
func New(p nn.Params, c Config) *Encoder {
	p = p.AllowInt8()
	e := &Encoder{
		config: c,
		tokens: p.Tensor("embed_tokens.weight", c.VocabSize, c.Width),
		bias: p.At("block.0.self_attention_layer.self_attention.pe_encoding").
			Tensor("relative_attention_bias.weight", c.Buckets, c.Heads),
		norm: p.RMSNorm("final_layer_norm", c.Width, eps),
	}
	for i := range c.Layers {
		e.blocks = append(e.blocks, newBlock(p.At("block.%d", i), c))
	}
	return e
}

func newBlock(p nn.Params, c Config) block {
	p, number := p.Block()
	attention, feedForward := p.At("self_attention_layer"), p.At("ff_layer")
	d, inner := c.Width, c.Heads*c.HeadWidth
	return block{
		number: number,
		heads:  c.Heads,
		norm1:  attention.RMSNorm("layer_norm", d, eps),
		q:      attention.LinearNoBias("self_attention.Wq", d, inner),
		k:      attention.LinearNoBias("self_attention.Wk", d, inner),
		v:      attention.LinearNoBias("self_attention.Wv", d, inner),
		out:    attention.LinearNoBias("self_attention.o", inner, d),
		norm2:  feedForward.RMSNorm("layer_norm", d, eps),
		gate:   feedForward.LinearNoBias("act.wi_0", d, c.Intermediate),
		up:     feedForward.LinearNoBias("act.wi_1", d, c.Intermediate),
		down:   feedForward.LinearNoBias("wo", c.Intermediate, d),
	}
}

// Into stores the hidden states of ids [B, L] in x [B, L, D]. There is no mask: padding takes part, so that L matters.
func (e *Encoder) Into(s *backend.Stream, x, ids Tensor) {
	defer s.Release(s.Mark())
	s.Gather(x, e.tokens, ids)
	bias := e.relativeBias(s, ids.Dim(1))
	for i := range e.blocks {
		e.blocks[i].forward(s, x, bias)
	}
	e.norm.InPlace(s, x)
}

// forward updates x [B, L, D] in place.
func (b *block) forward(s *backend.Stream, x, bias Tensor) {
	defer s.Release(s.Mark())
	s.Block(b.number)
	b.attend(s, x, bias)
	h := b.norm2.Forward(s, x)
	up, gate := b.up.Forward(s, h), b.gate.Forward(s, h)
	b.down.AddTo(s, x, s.Glu(up, up, gate, backend.GELUTanh), Tensor{})
}

// attend adds the attention to x. Scores are not scaled: the weights were trained to be so much smaller.
func (b *block) attend(s *backend.Stream, x, bias Tensor) {
	defer s.Release(s.Mark())
	h := b.norm1.Forward(s, x)
	q, k, v := b.q.Forward(s, h), b.k.Forward(s, h), b.v.Forward(s, h)
	args := backend.AttentionArgs{Scale: 1, Bias: bias}
	b.out.AddTo(s, x, s.Attention(Tensor{}, q.Heads(b.heads), k.Heads(b.heads), v.Heads(b.heads), args), Tensor{})
}
