// Package encoder is the encoder of FaceCLIP: it fuses a prompt and a face into one embedding that takes the place of
// the text embedding of Stable Diffusion XL (core/face_clip/face_clip.py of the reference).
package encoder

import (
	"cmp"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/nn/vit"
)

// A Config is face_clip_encoder/config.json.
type Config struct {
	Vision vit.Config  `json:"vision"`
	TextL  clip.Config `json:"text_l"`
	TextG  clip.Config `json:"text_g"`
	Fuser  fuse.Config `json:"fuser"`
}

// Published is the size of the published face_clip_encoder.pt, which has no config file.
var Published = Config{
	Vision: vit.Published,
	TextL:  clip.PublishedL,
	TextG:  clip.Config{VocabSize: 49408, Positions: 77, Width: 1280, Intermediate: 5120, Layers: 32, Heads: 20, Act: "gelu"},
	Fuser: fuse.Config{
		Layers: 6, BiDim: 1024, BiHeads: 4, TextHeads: 4, TextIntermediate: 1024,
		ImageHeads: 8, ImagePoints: 4, ImageIntermediate: 2048,
	},
}

// Validate reports what the encoder does not support.
func (c Config) Validate() error {
	points := nn.Size{Name: "image_points", Value: c.Fuser.ImagePoints}
	err := cmp.Or(c.Vision.Validate(), nn.CheckLayers(points),
		c.TextL.Validate(), c.Fuser.Validate(c.TextL.Width), c.TextG.Validate(), c.Fuser.Validate(c.TextG.Width))
	if all := c.Fuser.ImageHeads * points.Value; err == nil && all > backend.MaxPoints {
		err = fmt.Errorf("config: image_attention_heads times image_points: %d is not between 1 and %d", all, backend.MaxPoints)
	}
	if err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	return nil
}
