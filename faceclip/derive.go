package faceclip

import (
	"fmt"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	"github.com/faceclip-go/faceclip-go/facet5"
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
func (f *folder) derivedSDXL() (c encoder.Config, err error) {
	s, err := f.shapesOf("face_clip_encoder")
	if err != nil {
		return c, err
	}
	if c.TextL, err = readConfig[clip.Config](f, textEncoder); err != nil {
		return c, err
	}
	if c.TextG, err = readConfig[clip.Config](f, textEncoder2); err != nil {
		return c, err
	}
	c.Vision = s.vision("face_clip_l.face_encoder.")
	c.Fuser = s.fuser("face_clip_l.fuser.encoder.")
	published := encoder.Published.Fuser
	perPoint := 2 * published.ImageHeads // numbers for each point
	c.Fuser.ImagePoints = s.dim("face_clip_l.fuser.encoder.layers.0.self_attn.sampling_offsets.weight", 0) / perPoint
	f.derived = map[string]any{"face_clip_encoder/config.json": c, indexFile: modelIndex{"FaceCLIPSDXLPipeline"}}
	return c, s.valid(c.Validate)
}

// derivedFLUX returns the configuration of face_t5_encoder.pt.
func (f *folder) derivedFLUX() (c facet5.Config, err error) {
	s, err := f.shapesOf("face_t5_encoder")
	if err != nil {
		return c, err
	}
	if c.CLIP, err = readConfig[clip.Config](f, textEncoder); err != nil {
		return c, err
	}
	text, err := readConfig[baseT5](f, textEncoder2)
	if err != nil {
		return c, err
	}
	c.Text = t5.Config(text)
	c.Text.Tokens = s.dim("encoder_2.positional_embedding", 1)
	c.Vision = s.vision("encoder_2.face_encoder.")
	c.Fuser = s.fuser("encoder_2.fuser.encoder.")
	f.derived = map[string]any{"face_t5_encoder/config.json": c, indexFile: modelIndex{"FaceT5FluxPipeline"}}
	return c, s.valid(c.Validate)
}

// A baseT5 is the configuration of T5 in the base model, which does not say how many tokens are used.
type baseT5 t5.Config

// Validate checks all but the number of tokens.
func (c baseT5) Validate() error {
	c.Tokens = t5.XXL.Tokens
	return t5.Config(c).Validate()
}

// shapes are those of a checkpoint's tensors.
type shapes struct {
	checkpoint
	names   []string // sorted
	missing string   // the first tensor that was asked for and is not there
}

func (f *folder) shapesOf(name string) (*shapes, error) {
	c, err := f.checkpoint(name)
	if err != nil {
		return nil, err
	}
	names := slices.Clone(c.Names())
	slices.Sort(names)
	return &shapes{checkpoint: c, names: names}, nil
}

// dim returns the size of a dimension of a tensor.
func (s *shapes) dim(name string, axis int) int {
	t, ok := s.Get(name)
	if ok && axis < t.Rank() {
		return t.Dim(axis)
	}
	if s.missing == "" {
		s.missing = fmt.Sprintf("tensor %q, expected with %d dimensions or more", name, axis+1)
	}
	return 0
}

// count returns the number of layers whose names begin with prefix and a number.
func (s *shapes) count(prefix string) int {
	for n := 0; ; n++ {
		layer := fmt.Sprintf("%s%d.", prefix, n)
		i, _ := slices.BinarySearch(s.names, layer)
		if i == len(s.names) || !strings.HasPrefix(s.names[i], layer) {
			return n
		}
	}
}

// vision returns the configuration of the face transformer whose names begin with p.
func (s *shapes) vision(p string) vit.Config {
	c := vit.Published
	c.PatchSize, c.Width = s.dim(p+"patch_embed.proj.weight", 2), s.dim(p+"patch_embed.proj.weight", 0)
	c.Layers = s.count(p + "blocks.")
	c.Intermediate = s.dim(p+"blocks.0.mlp.fc1.weight", 0)
	c.Classes = s.dim(p+"feature.2.weight", 0)
	return c
}

// fuser returns the configuration of the fuser whose names begin with p, but for the points of deformable attention.
func (s *shapes) fuser(p string) fuse.Config {
	c := facet5.Published.Fuser
	c.Layers = s.count(p + "fusion_layers.")
	c.BiDim = s.dim(p+"fusion_layers.0.attn.v_proj.weight", 0)
	c.TextIntermediate = s.dim(p+"text_layers.0.linear1.weight", 0)
	c.ImageIntermediate = s.dim(p+"layers.0.linear1.weight", 0)
	return c
}

// valid returns an error that names the file if a tensor was missing or the sizes are impossible.
func (s *shapes) valid(validate func() error) error {
	if s.missing != "" {
		return fmt.Errorf("%s: no %s", s.Path(), s.missing)
	}
	if err := validate(); err != nil {
		return fmt.Errorf("%s: sizes of its tensors: %w", s.Path(), err)
	}
	return nil
}
