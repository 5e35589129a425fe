package encoder

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// An Encoder has two branches of one shape, each with weights of its own.
type Encoder struct {
	config Config
	l, g   branch
}

// New makes an encoder.
func New(p nn.Params, c Config) *Encoder {
	return &Encoder{
		config: c,
		l:      newBranch(p.At("face_clip_l"), c, c.TextL),
		g:      newBranch(p.At("face_clip_g"), c, c.TextG),
	}
}

// An Input is a prompt and a face.
type Input struct {
	IDs      []int32 // 77 tokens
	Replaced []int   // positions of the tokens that the face takes the place of
	// Faces are pictures of one person, each [3, size, size] in [0, 1]; one of them is black where there is no face. What the
	// networks make of several is averaged before it meets the text, which is an extension of ours.
	Faces [][]float32
}

// An Output is an embedding, and the intermediates on the way to it.
type Output struct {
	Context Tensor // [1, 77, Dl + Dg]: the fused text of both branches
	Pooled  Tensor // [1, Dg]: the larger tower's state at the end token
	L, G    Stages
}

// Stages are the intermediates of one branch.
type Stages struct {
	Class   Tensor // [1, classes]: the features of the face
	Patches Tensor // [1, L, D]: its patch tokens
	Hidden  Tensor // [1, 77, D]: the text, before the face
	Fused   Tensor // [1, 77, D]: the text, after the face
}

// Forward encodes a prompt and a face.
func (e *Encoder) Forward(s *backend.Stream, in Input) Output {
	tokens, dl, dg := len(in.IDs), e.config.TextL.Width, e.config.TextG.Width
	out := Output{
		Context: s.New(1, tokens, dl+dg),
		Pooled:  s.New(1, dg),
		L:       e.l.stages(s, tokens),
		G:       e.g.stages(s, tokens),
	}
	defer s.Release(s.Mark())
	ids := s.PutIDs(in.IDs, 1, tokens)
	var patches []Tensor
	for _, face := range in.Faces {
		patches = append(patches, e.l.vit.Put(s, face))
	}
	e.l.forward(s, out.L, ids, in.Replaced, patches)
	e.g.forward(s, out.G, ids, in.Replaced, patches)
	s.Copy(out.Context.Slice(2, 0, dl), out.L.Fused)
	s.Copy(out.Context.Slice(2, dl, dl+dg), out.G.Fused)
	// Not projected: unlike Stable Diffusion XL the reference takes the state before text_projection.
	end := slices.Index(in.IDs, slices.Max(in.IDs)) // no token has a larger id than the end
	s.Copy(out.Pooled.Reshape(1, 1, dg), out.G.Hidden.Slice(1, end, end+1))
	return out
}
