package faceclip

import (
	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/nn/t5"
	"github.com/faceclip-go/faceclip-go/nn/vit"
)

// The reference's encoders have no configuration of their own. Sizes of their text encoders are those of the base model;
// those of what is new are read off the tensors. Numbers of heads, which no tensor tells, are the published ones.

// The configurations of the base model's text encoders.
const (
	textEncoder  = "text_encoder/config.json"
	textEncoder2 = "text_encoder_2/config.json"
)

// derivedSDXL returns the configuration of face_clip_encoder.pt.
func derivedSDXL(f *model.Folder) (c encoder.Config, err error) {
	s, err := f.Shapes("face_clip_encoder")
	if err != nil {
		return c, err
	}
	if c.TextL, err = model.ReadConfig[clip.Config](f, textEncoder); err != nil {
		return c, err
	}
	if c.TextG, err = model.ReadConfig[clip.Config](f, textEncoder2); err != nil {
		return c, err
	}
	c.Vision = visionOf(s, "face_clip_l.face_encoder.")
	c.Fuser = fuserOf(s, "face_clip_l.fuser.encoder.")
	published := encoder.Published.Fuser
	perPoint := 2 * published.ImageHeads // numbers for each point
	c.Fuser.ImagePoints = s.Dim("face_clip_l.fuser.encoder.layers.0.self_attn.sampling_offsets.weight", 0) / perPoint
	f.Derived = map[string]any{"face_clip_encoder/config.json": c, model.IndexFile: modelIndex{"FaceCLIPSDXLPipeline"}}
	return c, s.Valid(c)
}

// derivedFLUX returns the configuration of face_t5_encoder.pt.
func derivedFLUX(f *model.Folder) (c facet5.Config, err error) {
	s, err := f.Shapes("face_t5_encoder")
	if err != nil {
		return c, err
	}
	if c.CLIP, err = model.ReadConfig[clip.Config](f, textEncoder); err != nil {
		return c, err
	}
	text, err := model.ReadConfig[baseT5](f, textEncoder2)
	if err != nil {
		return c, err
	}
	c.Text = t5.Config(text)
	c.Text.Tokens = s.Dim("encoder_2.positional_embedding", 1)
	c.Vision = visionOf(s, "encoder_2.face_encoder.")
	c.Fuser = fuserOf(s, "encoder_2.fuser.encoder.")
	f.Derived = map[string]any{"face_t5_encoder/config.json": c, model.IndexFile: modelIndex{"FaceT5FluxPipeline"}}
	return c, s.Valid(c)
}

// A baseT5 is the configuration of T5 in the base model, which does not say how many tokens are used.
type baseT5 t5.Config

// UnmarshalJSON reads it as any configuration of T5.
func (c *baseT5) UnmarshalJSON(data []byte) error { return (*t5.Config)(c).UnmarshalJSON(data) }

// Validate checks all but the number of tokens.
func (c baseT5) Validate() error {
	c.Tokens = t5.XXL.Tokens
	return t5.Config(c).Validate()
}

// visionOf returns the configuration of the face transformer whose names begin with p.
func visionOf(s *model.Shapes, p string) vit.Config {
	c := vit.Published
	c.PatchSize, c.Width = s.Dim(p+"patch_embed.proj.weight", 2), s.Dim(p+"patch_embed.proj.weight", 0)
	c.Layers = s.Count(p + "blocks.")
	c.Intermediate = s.Dim(p+"blocks.0.mlp.fc1.weight", 0)
	c.Classes = s.Dim(p+"feature.2.weight", 0)
	return c
}

// fuserOf returns the configuration of the fuser whose names begin with p, but for the points of deformable attention.
func fuserOf(s *model.Shapes, p string) fuse.Config {
	c := facet5.Published.Fuser
	c.Layers = s.Count(p + "fusion_layers.")
	c.BiDim = s.Dim(p+"fusion_layers.0.attn.v_proj.weight", 0)
	c.TextIntermediate = s.Dim(p+"text_layers.0.linear1.weight", 0)
	c.ImageIntermediate = s.Dim(p+"layers.0.linear1.weight", 0)
	return c
}
