// Package vit is the vision transformer that recognises faces: it turns an aligned face into patch tokens and one
// feature vector. It has no class token; the feature comes from all patch tokens at once.
package vit

import (
	"cmp"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// A Config has the fields of the encoder's config.json below "vision".
type Config struct {
	ImageSize    int `json:"image_size"`          // 112
	PatchSize    int `json:"patch_size"`          // 9
	Width        int `json:"hidden_size"`         // 768
	Layers       int `json:"num_hidden_layers"`   // 24
	Heads        int `json:"num_attention_heads"` // 8
	Intermediate int `json:"intermediate_size"`   // 3072
	Classes      int `json:"num_classes"`         // 512
}

// Published is the size of the face transformer that both systems use.
var Published = Config{ImageSize: 112, PatchSize: 9, Width: 768, Layers: 24, Heads: 8, Intermediate: 3072, Classes: 512}

const (
	maxImageSize = 1 << 12

	eps      = 1e-5
	batchEps = 2e-5
)

// Validate reports what no transformer can have.
func (c Config) Validate() error {
	width := nn.Size{Name: "hidden_size", Value: c.Width}
	err := cmp.Or(
		nn.CheckWidths(width, nn.Size{Name: "intermediate_size", Value: c.Intermediate}, nn.Size{Name: "num_classes", Value: c.Classes}),
		nn.CheckLayers(nn.Size{Name: "num_hidden_layers", Value: c.Layers}),
		nn.CheckHeads(nn.Size{Name: "num_attention_heads", Value: c.Heads}, width))
	if err == nil && (c.ImageSize < 1 || c.ImageSize > maxImageSize || c.PatchSize < 1 || c.PatchSize > c.ImageSize) {
		err = fmt.Errorf("config: patch_size %d of image_size %d, which is at most %d", c.PatchSize, c.ImageSize, maxImageSize)
	}
	if err != nil {
		return fmt.Errorf("vit: %w", err)
	}
	return nil
}

// Grid returns the patches along one side. Pixels beyond Grid·PatchSize are never read.
func (c Config) Grid() int { return c.ImageSize / c.PatchSize }

// Tokens returns the number of patches.
func (c Config) Tokens() int { return c.Grid() * c.Grid() }

// A ViT is the transformer without its feature head.
type ViT struct {
	config Config
	patch  nn.Linear // of a patch's pixels, channel by channel
	pos    Tensor    // [1, L, D]
	blocks []block
	norm   nn.LayerNorm
}

type block struct {
	number       int
	attention    nn.Attention
	norm1, norm2 nn.LayerNorm
	qkv, out     nn.Linear
	up, down     nn.Linear
}

// New makes a ViT.
func New(p nn.Params, c Config) *ViT {
	p = p.Exact()
	d := c.Width
	v := &ViT{
		config: c,
		patch:  p.PatchConv("patch_embed.proj", 3, c.PatchSize, d),
		pos:    p.Tensor("pos_embed", 1, c.Tokens(), d),
		norm:   p.LayerNorm("norm", d, eps),
	}
	for i := range c.Layers {
		p, number := p.At("blocks.%d", i).Block()
		v.blocks = append(v.blocks, block{
			number:    number,
			attention: p.Attention(c.Heads),
			norm1:     p.LayerNorm("norm1", d, eps),
			qkv:       p.LinearNoBias("attn.qkv", d, 3*d),
			out:       p.Linear("attn.proj", d, d),
			norm2:     p.LayerNorm("norm2", d, eps),
			up:        p.Linear("mlp.fc1", d, c.Intermediate).With(backend.ReLU6),
			down:      p.Linear("mlp.fc2", c.Intermediate, d),
		})
	}
	p.Unused("mask_token", 1, 1, d)
	return v
}

// Positions returns the positional embedding as activations [1, L, D].
func (v *ViT) Positions(s *backend.Stream) Tensor { return s.Copy(Tensor{}, v.pos) }

// Put puts a face [3, size, size], of values in [0, 1], on s as patches [1, L, 3·patch²], row by row, each channel by channel.
func (v *ViT) Put(s *backend.Stream, face []float32) Tensor {
	c, grid, n := v.config, v.config.Grid(), v.config.PatchSize
	return s.PutFunc(func(dst []float32) {
		for token := 0; token < c.Tokens() && !s.Stopped(); token++ {
			top, left := token/grid*n, token%grid*n
			for channel := range 3 {
				for row := range n {
					from := (channel*c.ImageSize+top+row)*c.ImageSize + left
					dst = dst[copy(dst, face[from:from+n]):]
				}
			}
		}
	}, 1, c.Tokens(), 3*n*n)
}

// Into stores the normalised patch tokens of patches [B, L, 3·patch²] in x [B, L, D].
func (v *ViT) Into(s *backend.Stream, x, patches Tensor) {
	defer s.Release(s.Mark())
	v.patch.Into(s, x, patches)
	s.Add(x, x, v.Positions(s))
	for i := range v.blocks {
		v.blocks[i].forward(s, x)
	}
	v.norm.InPlace(s, x)
}

// Mean stores the means of the results of several faces in dst: forward stores those of face i in y, shaped as dst. One
// face is computed as if there were no mean.
func Mean(s *backend.Stream, faces int, forward func(i int, y []Tensor), dst ...Tensor) {
	defer s.Release(s.Mark())
	forward(0, dst)
	if faces == 1 {
		return
	}
	y := make([]Tensor, len(dst))
	for k := range y {
		y[k] = s.Like(dst[k])
	}
	for i := 1; i < faces; i++ {
		forward(i, y)
		for k := range y {
			s.Add(dst[k], dst[k], y[k])
		}
	}
	for _, d := range dst {
		s.Lincomb(d, 1/float32(faces), d, 0, d)
	}
}

// forward updates x [B, L, D] in place.
func (b *block) forward(s *backend.Stream, x Tensor) {
	defer s.Release(s.Mark())
	s.Block(b.number)
	q, k, v := nn.Thirds(b.qkv.Forward(s, b.norm1.Forward(s, x)))
	b.out.AddTo(s, x, b.attention.Into(s, Tensor{}, q, k, v), Tensor{})
	b.down.AddTo(s, x, b.up.Forward(s, b.norm2.Forward(s, x)), Tensor{})
}

// A Head turns all patch tokens into the feature vector of the face, the reference's class token.
type Head struct {
	linear0, linear2 nn.Linear
	norm1, norm3     nn.BatchNorm
}

// NewHead makes the head that stands beside the ViT in a checkpoint.
func NewHead(p nn.Params, c Config) *Head {
	p = p.Exact()
	return &Head{
		linear0: p.LinearNoBias("feature.0", c.Tokens()*c.Width, c.Width),
		norm1:   p.BatchNorm("feature.1", c.Width, batchEps),
		linear2: p.LinearNoBias("feature.2", c.Width, c.Classes),
		norm3:   p.BatchNorm("feature.3", c.Classes, batchEps),
	}
}

// Into stores the features of the tokens [B, L, D] in y [B, classes].
func (h *Head) Into(s *backend.Stream, y, tokens Tensor) {
	defer s.Release(s.Mark())
	x := tokens.Reshape(tokens.Dim(0), -1)
	h.norm3.After(s, y, h.linear2, h.norm1.After(s, Tensor{}, h.linear0, x))
}
