// Package fuse is the fuser of both pipelines: layers in which the tokens of a text and the patches of a face attend to
// each other. It is the feature enhancer of GroundingDINO.
package fuse

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

const eps = 1e-5

// A Config has the fields of the encoder's config.json below "fuser".
type Config struct {
	Layers            int `json:"num_hidden_layers"`       // 6
	BiDim             int `json:"bi_attention_dim"`        // 1024
	BiHeads           int `json:"bi_attention_heads"`      // 4
	TextHeads         int `json:"text_attention_heads"`    // 4
	TextIntermediate  int `json:"text_intermediate_size"`  // 1024
	ImageHeads        int `json:"image_attention_heads"`   // 8
	ImagePoints       int `json:"image_points"`            // 4
	ImageIntermediate int `json:"image_intermediate_size"` // 2048
}

// Validate reports what no fuser over text and patches of the given width can have.
func (c Config) Validate(width int) error {
	switch {
	case c.Layers <= 0 || c.BiDim <= 0 || c.TextIntermediate <= 0 || c.ImageIntermediate <= 0 || c.ImagePoints <= 0:
		return fmt.Errorf("fuse: config: sizes must be positive: %+v", c)
	case c.BiHeads <= 0 || c.BiDim%c.BiHeads != 0:
		return fmt.Errorf("fuse: config: bi_attention_heads %d does not divide bi_attention_dim %d", c.BiHeads, c.BiDim)
	case c.TextHeads <= 0 || width%c.TextHeads != 0:
		return fmt.Errorf("fuse: config: text_attention_heads %d does not divide the width %d", c.TextHeads, width)
	case c.ImageHeads <= 0 || width%c.ImageHeads != 0:
		return fmt.Errorf("fuse: config: image_attention_heads %d does not divide the width %d", c.ImageHeads, width)
	}
	return nil
}

// A Fuser is the one of FaceCLIP: its image layers are deformable attention over the grid of patches.
type Fuser struct {
	fusion []BiAttention
	text   []TextLayer
	image  []deformLayer
}

// New makes a fuser of text and patches of the given width; the patches are a grid×grid map.
func New(p nn.Params, c Config, width, grid int) *Fuser {
	f := &Fuser{}
	for i := range c.Layers {
		f.fusion = append(f.fusion, NewBiAttention(p.At("encoder.fusion_layers.%d", i), width, c.BiDim, c.BiHeads))
		f.text = append(f.text, NewTextLayer(p.At("encoder.text_layers.%d", i), width, c.TextIntermediate, c.TextHeads))
		f.image = append(f.image, newDeformLayer(p.At("encoder.layers.%d", i), c, width, grid))
	}
	// The reference's two-stage head is never called.
	p.Unused("enc_output.weight", width, width)
	p.Unused("enc_output.bias", width)
	p.Unused("enc_output_norm.weight", width)
	p.Unused("enc_output_norm.bias", width)
	return f
}

// Forward updates the text [B, T, D] and the patches [B, L, D] in place; positions are [1, T, D] and [1, L, D].
// The text is the result.
func (f *Fuser) Forward(s *backend.Stream, text, textPos, patches, patchPos Tensor) {
	for i := range f.fusion {
		f.fusion[i].Forward(s, patches, text)
		f.text[i].Forward(s, text, textPos)
		if i < len(f.image)-1 { // the patches of the last layer reach nothing
			f.image[i].forward(s, patches, patchPos)
		}
	}
}
