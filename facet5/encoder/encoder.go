package encoder

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/nn/t5"
	"github.com/faceclip-go/faceclip-go/nn/vit"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// An Encoder is two text encoders, of which the larger one is fused with a face transformer.
type Encoder struct {
	config    Config
	clip      *clip.Tower
	vit       *vit.ViT
	t5        *t5.Encoder
	fromPatch nn.Linear
	positions Tensor // [1, T, D], of the text
	fuser     *fuse.Fuser
}

// New makes an encoder.
func New(p nn.Params, c Config) *Encoder {
	d := c.Text.Width
	e := &Encoder{config: c, clip: clip.HuggingFace(p.At("encoder_1"), c.CLIP)}
	p = p.At("encoder_2")
	e.vit = vit.New(p.At("face_encoder"), c.Vision)
	e.t5 = t5.New(p.At("t5_encoder"), c.Text)
	e.fromPatch = p.Linear("face_patch_proj", c.Vision.Width, d)
	e.positions = p.Tensor("positional_embedding", 1, c.Text.Tokens, d)
	e.fuser = fuse.FaceT5(p.At("fuser"), c.Fuser, d)
	// The features of the face as a whole, and the positions of its patches, have no effect in the reference.
	vit.NewHead(p.At("face_encoder").NeverRun(), c.Vision)
	p.Unused("face_pos_proj.weight", d, c.Vision.Width)
	p.Unused("face_pos_proj.bias", d)
	return e
}

// An Input is a prompt and a face.
type Input struct {
	CLIP []int32 // 77 tokens
	T5   []int32 // 512 tokens
	// Faces are pictures of one person, each [3, size, size] in [0, 1]; one of them is black where there is no face. What the
	// network makes of several is averaged before it meets the text, which is an extension of ours.
	Faces [][]float32
}

// An Output is an embedding, and the intermediates on the way to it.
type Output struct {
	Pooled  Tensor // [1, Dc]: CLIP's state at the end token
	Patches Tensor // [1, L, Dv]: patch tokens of the face
	Hidden  Tensor // [1, 512, D]: the text, before the face
	Fused   Tensor // [1, 512, D]: the text, after the face
}

// Forward encodes a prompt and a face.
func (e *Encoder) Forward(s *backend.Stream, in Input) Output {
	c := e.config
	out := Output{
		Pooled:  s.New(1, c.CLIP.Width),
		Patches: s.New(1, c.Vision.Tokens(), c.Vision.Width),
		Hidden:  s.New(1, len(in.T5), c.Text.Width),
		Fused:   s.New(1, len(in.T5), c.Text.Width),
	}
	defer s.Release(s.Mark())
	e.summarise(s, out.Pooled, in.CLIP)
	vit.Mean(s, len(in.Faces), func(i int, y []Tensor) { e.vit.Into(s, y[0], e.vit.Put(s, in.Faces[i])) }, out.Patches)
	e.t5.Into(s, out.Hidden, s.PutIDs(in.T5, 1, len(in.T5)))
	s.Copy(out.Fused, out.Hidden)
	e.fuser.Forward(s, out.Fused, s.Copy(Tensor{}, e.positions), e.fromPatch.Forward(s, out.Patches), Tensor{})
	return out
}

// summarise stores CLIP's state at the first end token in pooled [1, D]. Padding is end tokens, too.
func (e *Encoder) summarise(s *backend.Stream, pooled Tensor, ids []int32) {
	defer s.Release(s.Mark())
	x := s.New(1, len(ids), e.config.CLIP.Width)
	e.clip.Embed(s, x, s.PutIDs(ids, 1, len(ids)))
	e.clip.Forward(s, x)
	end := slices.Index(ids, slices.Max(ids)) // no token has a larger id than the end
	s.Copy(pooled.Reshape(1, 1, -1), x.Slice(1, end, end+1))
}
