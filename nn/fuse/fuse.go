// Package fuse is the fuser of both systems: layers in which the tokens of a text and the patches of a face attend to
// each other. It is the feature enhancer of GroundingDINO.
package fuse

import (
	"cmp"
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
	all, bi := nn.Size{Name: "the text's width", Value: width}, nn.Size{Name: "bi_attention_dim", Value: c.BiDim}
	err := cmp.Or(
		nn.CheckWidths(bi, nn.Size{Name: "text_intermediate_size", Value: c.TextIntermediate},
			nn.Size{Name: "image_intermediate_size", Value: c.ImageIntermediate}),
		nn.CheckLayers(nn.Size{Name: "num_hidden_layers", Value: c.Layers}),
		nn.CheckHeads(nn.Size{Name: "bi_attention_heads", Value: c.BiHeads}, bi),
		nn.CheckHeads(nn.Size{Name: "text_attention_heads", Value: c.TextHeads}, all),
		nn.CheckHeads(nn.Size{Name: "image_attention_heads", Value: c.ImageHeads}, all))
	if err != nil {
		return fmt.Errorf("fuse: %w", err)
	}
	return nil
}

// A Fuser is a stack of layers. The two systems differ in what they do to the patches.
type Fuser struct{ layers []layer }

type layer struct {
	number int // of its block of weights
	fusion biAttention
	text   textLayer
	image  imageLayer
}

// An imageLayer updates patches x [B, L, D] at positions [1, L, D] in place.
type imageLayer interface {
	forward(s *backend.Stream, x, pos Tensor)
}

// FaceCLIP makes a fuser of text and patches of the given width; the patches are a grid×grid map, over which the image
// layers are deformable attention.
func FaceCLIP(p nn.Params, c Config, width, grid int) *Fuser {
	return newFuser(p, c, width, func(p nn.Params) imageLayer { return newDeformLayer(p, c, width, grid) })
}

// FaceT5 makes a fuser of text and patches of the given width, whose image layers see each patch alone.
func FaceT5(p nn.Params, c Config, width int) *Fuser {
	return newFuser(p, c, width, func(p nn.Params) imageLayer { return newPatchLayer(p, c, width) })
}

func newFuser(p nn.Params, c Config, width int, image func(nn.Params) imageLayer) *Fuser {
	p = p.Exact()
	f := &Fuser{}
	for i := range c.Layers {
		p, number := p.Block()
		images := p
		if i == c.Layers-1 { // the patches of the last layer reach nothing
			images = p.NeverRun()
		}
		f.layers = append(f.layers, layer{
			number: number,
			fusion: newBiAttention(p.At("encoder.fusion_layers.%d", i), width, c.BiDim, c.BiHeads),
			text:   newTextLayer(p.At("encoder.text_layers.%d", i), width, c.TextIntermediate, c.TextHeads),
			image:  image(images.At("encoder.layers.%d", i)),
		})
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
	for i := range f.layers {
		l := &f.layers[i]
		s.Block(l.number)
		l.fusion.forward(s, patches, text)
		l.text.forward(s, text, textPos)
		if i < len(f.layers)-1 {
			l.image.forward(s, patches, patchPos)
		}
	}
}
