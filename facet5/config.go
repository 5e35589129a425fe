// Package facet5 is the encoder of FaceT5: it fuses a prompt, read by T5, and a face into one embedding that takes the
// place of the text embedding of FLUX.1; beside it stands a summary of the prompt by CLIP, which knows nothing of the face
// (core/face_t5/face_t5.py of the reference).
package facet5

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/nn/t5"
	"github.com/faceclip-go/faceclip-go/nn/vit"
)

// A Config is face_t5_encoder/config.json.
type Config struct {
	Vision vit.Config  `json:"vision"`
	Text   t5.Config   `json:"text"`
	CLIP   clip.Config `json:"clip"`
	Fuser  fuse.Config `json:"fuser"`
}

// Published is the size of the published face_t5_encoder.pt, which has no config file.
var Published = Config{
	Vision: vit.Published,
	Text:   t5.XXL,
	CLIP:   clip.PublishedL,
	Fuser: fuse.Config{
		Layers: 6, BiDim: 1024, BiHeads: 4, TextHeads: 4, TextIntermediate: 1024, ImageHeads: 8, ImageIntermediate: 2048,
	},
}

// Validate reports what the encoder does not support.
func (c Config) Validate() error {
	if err := c.Vision.Validate(); err != nil {
		return fmt.Errorf("facet5: %w", err)
	}
	if err := c.Text.Validate(); err != nil {
		return fmt.Errorf("facet5: %w", err)
	}
	if err := c.CLIP.Validate(); err != nil {
		return fmt.Errorf("facet5: %w", err)
	}
	if err := c.Fuser.Validate(c.Text.Width); err != nil {
		return fmt.Errorf("facet5: %w", err)
	}
	return nil
}
