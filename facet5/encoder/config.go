// Package encoder is the encoder of FaceT5: it fuses a prompt, read by T5, and a face into one embedding that takes the
// place of the text embedding of FLUX.1; beside it stands a summary of the prompt by CLIP, which knows nothing of the face
// (core/face_t5/face_t5.py of the reference).
package encoder

import (
	"cmp"
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
	err := cmp.Or(c.Vision.Validate(), c.Text.Validate(), c.CLIP.Validate(), c.Fuser.Validate(c.Text.Width))
	if err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	return nil
}
