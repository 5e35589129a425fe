package vae

import (
	"cmp"
	"fmt"

	"github.com/faceclip-go/faceclip-go/nn"
)

// A Config has the fields of vae/config.json that the decoder needs.
type Config struct {
	LatentChannels int      `json:"latent_channels"`    // 4
	Channels       []int    `json:"block_out_channels"` // 128, 256, 512, 512
	Layers         int      `json:"layers_per_block"`   // 2
	Groups         int      `json:"norm_num_groups"`    // 32
	OutChannels    int      `json:"out_channels"`       // 3
	Scaling        float32  `json:"scaling_factor"`     // 0.13025
	Shift          *float32 `json:"shift_factor"`
	PostQuant      *bool    `json:"use_post_quant_conv"` // absent: true

	// The mean and the standard deviation of latents, by channel; nil where there is only a scale.
	Mean []float32 `json:"latents_mean"`
	Std  []float32 `json:"latents_std"`
}

// fixed are the fields that diffusers' AutoencoderKL computes something else for. Without effect are sample_size, force_upcast,
// since this decoder never overflows, and those of the encoder: in_channels, down_block_types and use_quant_conv.
var fixed = nn.Fixed{
	"_class_name":             "AutoencoderKL",
	"act_fn":                  "silu",
	"mid_block_add_attention": true,
	"up_block_types":          "UpDecoderBlock2D",
}

// UnmarshalJSON reads a configuration, and refuses what this decoder does not have.
func (c *Config) UnmarshalJSON(data []byte) error {
	type fields Config // without this method
	return fixed.Unmarshal(data, (*fields)(c))
}

// PublishedSDXL is the autoencoder of Stable Diffusion XL.
var PublishedSDXL = Config{
	LatentChannels: 4, Channels: []int{128, 256, 512, 512}, Layers: 2, Groups: 32, OutChannels: 3, Scaling: 0.13025,
}

// PublishedFLUX is the autoencoder of FLUX.1.
var PublishedFLUX = Config{
	LatentChannels: 16, Channels: []int{128, 256, 512, 512}, Layers: 2, Groups: 32, OutChannels: 3, Scaling: 0.3611,
	Shift: new(float32(0.1159)), PostQuant: new(false),
}

// Validate reports what the decoder does not support.
func (c Config) Validate() error {
	err := cmp.Or(
		nn.CheckWidths(nn.Size{Name: "latent_channels", Value: c.LatentChannels}, nn.Size{Name: "norm_num_groups", Value: c.Groups}),
		nn.CheckLayers(nn.Size{Name: "layers_per_block", Value: c.Layers}, nn.Size{Name: "the number of block_out_channels", Value: len(c.Channels)}))
	switch {
	case err != nil:
		return fmt.Errorf("vae: %w", err)
	case c.OutChannels != 3:
		return fmt.Errorf("vae: config: out_channels %d, want 3", c.OutChannels)
	case c.Scaling == 0:
		return fmt.Errorf("vae: config: scaling_factor is missing")
	}
	if err := c.validateStatistics(); err != nil {
		return err
	}
	for i, ch := range c.Channels {
		width := nn.Size{Name: "block_out_channels", Value: ch}
		if err = nn.CheckWidths(width); i == len(c.Channels)-1 {
			err = cmp.Or(err, nn.CheckHead(width)) // the attention's only head
		}
		if err != nil {
			return fmt.Errorf("vae: %w", err)
		}
		if ch%c.Groups != 0 {
			return fmt.Errorf("vae: config: norm_num_groups %d does not divide block_out_channels %d", c.Groups, ch)
		}
	}
	return nil
}

// validateStatistics checks the mean and the standard deviation of latents: both or none, and no shift, which is another mean.
func (c Config) validateStatistics() error {
	mean, std := len(c.Mean), len(c.Std)
	switch {
	case c.Mean == nil && c.Std == nil:
	case mean != c.LatentChannels || std != c.LatentChannels:
		return fmt.Errorf("vae: config: latents_mean and latents_std have %d and %d values, want %d", mean, std, c.LatentChannels)
	case c.Shift != nil:
		return fmt.Errorf("vae: config: shift_factor %v is not implemented beside latents_mean", *c.Shift)
	}
	return nil
}

// Factor returns the pixels along a side of one latent.
func (c Config) Factor() int { return 1 << (len(c.Channels) - 1) }
