package sdxl

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/faceclip-go/faceclip-go/nn"
)

// A Config has the fields of unet/config.json.
type Config struct {
	InChannels    int      `json:"in_channels"`                           // 4
	OutChannels   int      `json:"out_channels"`                          // 4
	Channels      []int    `json:"block_out_channels"`                    // 320, 640, 1280
	Layers        int      `json:"layers_per_block"`                      // 2
	DownTypes     []string `json:"down_block_types"`                      // DownBlock2D, CrossAttnDownBlock2D twice
	UpTypes       []string `json:"up_block_types"`                        // CrossAttnUpBlock2D twice, UpBlock2D
	Depth         perLevel `json:"transformer_layers_per_block"`          // 1, 2, 10
	Heads         perLevel `json:"attention_head_dim"`                    // 5, 10, 20: heads, whatever the name says
	TextWidth     int      `json:"cross_attention_dim"`                   // 2048
	SizeWidth     int      `json:"addition_time_embed_dim"`               // 256
	AddedWidth    int      `json:"projection_class_embeddings_input_dim"` // 2816
	Groups        int      `json:"norm_num_groups"`                       // 32
	Eps           float32  `json:"norm_eps"`                              // 1e-5
	AddType       string   `json:"addition_embed_type"`                   // text_time
	LinearProject bool     `json:"use_linear_projection"`                 // true
	GuidanceWidth int      `json:"time_cond_proj_dim,omitempty"`          // 0; others are told the scale of guidance, as distilled to be
}

// fixed are the fields that diffusers' UNet2DConditionModel computes something else for. Without effect are
// addition_embed_type_num_heads, dropout, sample_size and upcast_attention: scores are F32 anyway.
var fixed = nn.Fixed{
	"_class_name":                          "UNet2DConditionModel",
	"act_fn":                               "silu",
	"attention_type":                       "default",
	"center_input_sample":                  false,
	"class_embed_type":                     nil,
	"class_embeddings_concat":              false,
	"conv_in_kernel":                       3,
	"conv_out_kernel":                      3,
	"cross_attention_norm":                 nil,
	"downsample_padding":                   1,
	"dual_cross_attention":                 false,
	"encoder_hid_dim":                      nil,
	"encoder_hid_dim_type":                 nil,
	"flip_sin_to_cos":                      true,
	"freq_shift":                           0,
	"mid_block_only_cross_attention":       nn.OneOf{nil, false},
	"mid_block_scale_factor":               1,
	"mid_block_type":                       "UNetMidBlock2DCrossAttn",
	"num_attention_heads":                  nil,
	"num_class_embeds":                     nil,
	"only_cross_attention":                 false,
	"resnet_out_scale_factor":              1,
	"resnet_skip_time_act":                 false,
	"resnet_time_scale_shift":              "default",
	"reverse_transformer_layers_per_block": nil,
	"time_embedding_act_fn":                nil,
	"time_embedding_dim":                   nil, // four times block_out_channels[0]
	"time_embedding_type":                  "positional",
	"timestep_post_act":                    nil,
}

// UnmarshalJSON reads a configuration, and refuses what this U-Net does not have.
func (c *Config) UnmarshalJSON(data []byte) error {
	type fields Config // without this method
	return fixed.Unmarshal(data, (*fields)(c))
}

// perLevel is a number for each level; config files may give one number for all.
type perLevel []int

// UnmarshalJSON reads a number or a list of numbers.
func (p *perLevel) UnmarshalJSON(data []byte) error {
	var one int
	if json.Unmarshal(data, &one) == nil {
		*p = perLevel{one}
		return nil
	}
	return json.Unmarshal(data, (*[]int)(p))
}

func (p perLevel) at(level int) int {
	if len(p) == 1 {
		return p[0]
	}
	return p[level]
}

// hasText reports whether the level of the given block type attends to the text.
func hasText(blockType string) bool { return strings.HasPrefix(blockType, "CrossAttn") }

// maxGuidanceWidth bounds the sinusoids of the scale of guidance. Distilled models have 256.
const maxGuidanceWidth = 1 << 14

// Validate reports what this U-Net does not support, naming the field.
func (c Config) Validate() error {
	n := len(c.Channels)
	err := cmp.Or(
		nn.CheckWidths(nn.Size{Name: "in_channels", Value: c.InChannels}, nn.Size{Name: "cross_attention_dim", Value: c.TextWidth},
			nn.Size{Name: "addition_time_embed_dim", Value: c.SizeWidth}, nn.Size{Name: "projection_class_embeddings_input_dim", Value: c.AddedWidth},
			nn.Size{Name: "norm_num_groups", Value: c.Groups}),
		nn.CheckLayers(nn.Size{Name: "layers_per_block", Value: c.Layers}, nn.Size{Name: "the number of block_out_channels", Value: n}))
	switch {
	case err != nil:
		return fmt.Errorf("sdxl: %w", err)
	case len(c.DownTypes) != n || len(c.UpTypes) != n:
		return fmt.Errorf("sdxl: config: block_out_channels, down_block_types and up_block_types must be equally long, not %d, %d and %d",
			n, len(c.DownTypes), len(c.UpTypes))
	case len(c.Depth) != n && len(c.Depth) != 1, len(c.Heads) != n && len(c.Heads) != 1:
		return fmt.Errorf("sdxl: config: transformer_layers_per_block and attention_head_dim need %d entries", n)
	case c.OutChannels != c.InChannels:
		return fmt.Errorf("sdxl: config: in_channels %d and out_channels %d must be equal", c.InChannels, c.OutChannels)
	case !(c.Eps > 0):
		return fmt.Errorf("sdxl: config: norm_eps %v must be positive", c.Eps)
	case c.AddedWidth <= 6*c.SizeWidth:
		return fmt.Errorf("sdxl: config: projection_class_embeddings_input_dim %d leaves no room for pooled text", c.AddedWidth)
	case c.SizeWidth%2 != 0 || c.Channels[0]%2 != 0:
		return fmt.Errorf("sdxl: config: addition_time_embed_dim and block_out_channels[0] must be even")
	case c.GuidanceWidth != 0 && (c.GuidanceWidth < 4 || c.GuidanceWidth > maxGuidanceWidth):
		return fmt.Errorf("sdxl: config: time_cond_proj_dim: %d, expected null or 4 to %d", c.GuidanceWidth, maxGuidanceWidth)
	case c.AddType != "text_time":
		return fmt.Errorf("sdxl: config: addition_embed_type: %q is not implemented, expected %q", c.AddType, "text_time")
	case !c.LinearProject:
		return fmt.Errorf("sdxl: config: use_linear_projection: false is not implemented, expected true")
	}
	for i := range n {
		if err := c.validateLevel(i); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) validateLevel(i int) error {
	n := len(c.Channels)
	down, up := c.DownTypes[i], c.UpTypes[n-1-i]
	width := nn.Size{Name: "block_out_channels", Value: c.Channels[i]}
	err := cmp.Or(nn.CheckWidths(width), nn.CheckHeads(nn.Size{Name: "attention_head_dim", Value: c.Heads.at(i)}, width),
		nn.CheckLayers(nn.Size{Name: "transformer_layers_per_block", Value: 1 + c.Depth.at(i)})) // may be 0
	switch {
	case err != nil:
		return fmt.Errorf("sdxl: %w", err)
	case down != "DownBlock2D" && down != "CrossAttnDownBlock2D":
		return fmt.Errorf("sdxl: config: down_block_types: %q is not supported", down)
	case up != "UpBlock2D" && up != "CrossAttnUpBlock2D":
		return fmt.Errorf("sdxl: config: up_block_types: %q is not supported", up)
	case c.Channels[i]%c.Groups != 0:
		return fmt.Errorf("sdxl: config: norm_num_groups %d does not divide block_out_channels %d", c.Groups, c.Channels[i])
	}
	return nil
}

// Published is the U-Net of the published FaceCLIP-SDXL and of Stable Diffusion XL.
var Published = Config{
	InChannels: 4, OutChannels: 4, Channels: []int{320, 640, 1280}, Layers: 2,
	DownTypes: []string{"DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"},
	UpTypes:   []string{"CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"},
	Depth:     perLevel{1, 2, 10}, Heads: perLevel{5, 10, 20}, TextWidth: 2048, SizeWidth: 256, AddedWidth: 2816,
	Groups: 32, Eps: 1e-5, AddType: "text_time", LinearProject: true,
}
