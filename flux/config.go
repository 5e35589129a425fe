// Package flux is the transformer of FLUX.1: it predicts the velocity with which a latent image moves from noise to a
// picture.
package flux

import (
	"cmp"
	"fmt"

	"github.com/faceclip-go/faceclip-go/nn"
)

// A Config has the fields of transformer/config.json.
type Config struct {
	PatchSize    int   `json:"patch_size"`            // 1: packing is not the transformer's
	InChannels   int   `json:"in_channels"`           // 64
	OutChannels  *int  `json:"out_channels"`          // null: as many
	DoubleBlocks int   `json:"num_layers"`            // 19
	SingleBlocks int   `json:"num_single_layers"`     // 38
	HeadWidth    int   `json:"attention_head_dim"`    // 128
	Heads        int   `json:"num_attention_heads"`   // 24
	TextWidth    int   `json:"joint_attention_dim"`   // 4096
	PooledWidth  int   `json:"pooled_projection_dim"` // 768
	Guidance     bool  `json:"guidance_embeds"`       // true
	Axes         []int `json:"axes_dims_rope"`        // 16, 56, 56: channels of a head that turn with each axis
}

// fixed are the fields of another model than diffusers' FluxTransformer2DModel. All that it has are above.
var fixed = nn.Fixed{"_class_name": "FluxTransformer2DModel"}

// UnmarshalJSON reads a configuration, and refuses another model's.
func (c *Config) UnmarshalJSON(data []byte) error {
	type fields Config // without this method
	return fixed.Unmarshal(data, (*fields)(c))
}

// A token holds a square of Side×Side latents.
const (
	Side   = 2
	packed = Side * Side
)

// LatentChannels returns the channels of a latent.
func (c Config) LatentChannels() int { return c.InChannels / packed }

// Published is FLUX.1-dev.
var Published = Config{
	PatchSize: 1, InChannels: 64, DoubleBlocks: 19, SingleBlocks: 38, HeadWidth: 128, Heads: 24,
	TextWidth: 4096, PooledWidth: 768, Guidance: true, Axes: []int{16, 56, 56},
}

// Width returns the features of a token.
func (c Config) Width() int { return c.Heads * c.HeadWidth }

// axes returns the channels of a head that turn with each axis.
func (c Config) axes() []int {
	if len(c.Axes) == 0 {
		return Published.Axes
	}
	return c.Axes
}

// Validate reports what the transformer does not support.
func (c Config) Validate() error {
	err := cmp.Or(
		nn.CheckWidths(nn.Size{Name: "num_attention_heads", Value: c.Heads}, nn.Size{Name: "attention_head_dim", Value: c.HeadWidth},
			nn.Size{Name: "joint_attention_dim", Value: c.TextWidth}, nn.Size{Name: "pooled_projection_dim", Value: c.PooledWidth},
			nn.Size{Name: "in_channels", Value: c.InChannels}),
		nn.CheckHead(nn.Size{Name: "attention_head_dim", Value: c.HeadWidth}),
		nn.CheckWidths(nn.Size{Name: "num_attention_heads times attention_head_dim", Value: c.Width()}),
		nn.CheckLayers(nn.Size{Name: "num_layers", Value: c.DoubleBlocks}, nn.Size{Name: "num_single_layers", Value: c.SingleBlocks}))
	switch {
	case err != nil:
		return fmt.Errorf("flux: %w", err)
	case c.PatchSize != 1:
		return fmt.Errorf("flux: config: patch_size %d, want 1", c.PatchSize)
	case c.InChannels%packed != 0:
		return fmt.Errorf("flux: config: in_channels %d is not a multiple of %d", c.InChannels, packed)
	case c.OutChannels != nil && *c.OutChannels != c.InChannels:
		return fmt.Errorf("flux: config: out_channels %d, want %d", *c.OutChannels, c.InChannels)
	case len(c.axes()) != 3:
		return fmt.Errorf("flux: config: axes_dims_rope %v, want 3 axes", c.Axes)
	}
	sum := 0
	for _, d := range c.axes() {
		if d <= 0 || d%2 != 0 || d > c.HeadWidth {
			return fmt.Errorf("flux: config: axes_dims_rope %v must be positive, even and at most attention_head_dim %d", c.Axes, c.HeadWidth)
		}
		sum += d
	}
	if sum != c.HeadWidth {
		return fmt.Errorf("flux: config: axes_dims_rope %v have the sum %d, but attention_head_dim is %d", c.axes(), sum, c.HeadWidth)
	}
	return nil
}
