package encoder

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/nn/vit"
)

// A branch is a face transformer, a text tower and a fuser.
type branch struct {
	vision    vit.Config
	vit       *vit.ViT
	head      *vit.Head
	text      clip.Config
	tower     *clip.Tower
	face      nn.Linear // the features of a face as a token of the text
	fromPatch nn.Linear
	patchPos  nn.Linear
	fromText  nn.Linear
	textPos   nn.Linear
	fuser     *fuse.Fuser
}

func newBranch(p nn.Params, c Config, text clip.Config) branch {
	d, v := text.Width, c.Vision
	return branch{
		vision:    v,
		vit:       vit.New(p.At("face_encoder"), v),
		head:      vit.NewHead(p.At("face_encoder"), v),
		text:      text,
		tower:     clip.OpenCLIP(p, text),
		face:      p.Linear("proj1", v.Classes, d),
		fromPatch: p.Linear("face_patch_proj", v.Width, d),
		patchPos:  p.Linear("face_pos_proj", v.Width, d),
		fromText:  p.Linear("text_embed_proj", d, d),
		textPos:   p.Linear("text_pos_proj", d, d),
		fuser:     fuse.FaceCLIP(p.At("fuser"), c.Fuser, d, v.Grid()),
	}
}

// stages allocates what forward fills.
func (b *branch) stages(s *backend.Stream, tokens int) Stages {
	return Stages{
		Class:   s.New(1, b.vision.Classes),
		Patches: s.New(1, b.vision.Tokens(), b.vision.Width),
		Hidden:  s.New(1, tokens, b.text.Width),
		Fused:   s.New(1, tokens, b.text.Width),
	}
}

// forward fills out, for ids [1, 77] and the pixels of the patches of each face [1, L, 3·patch²].
func (b *branch) forward(s *backend.Stream, out Stages, ids Tensor, replaced []int, faces []Tensor) {
	defer s.Release(s.Mark())
	vit.Mean(s, len(faces), func(i int, y []Tensor) {
		patches, class := y[0], y[1]
		b.vit.Into(s, patches, faces[i])
		b.head.Into(s, class, patches)
	}, out.Patches, out.Class)

	b.tower.Embed(s, out.Hidden, ids)
	if len(replaced) > 0 {
		token := b.faceToken(s, out.Class)
		for _, i := range replaced {
			s.Copy(out.Hidden.Slice(1, i, i+1), token)
		}
	}
	b.tower.Forward(s, out.Hidden)

	b.fromText.Into(s, out.Fused, out.Hidden)
	textPos := b.textPos.Forward(s, b.tower.Positions(s))
	patchPos := b.patchPos.Forward(s, b.vit.Positions(s))
	b.fuser.Forward(s, out.Fused, textPos, b.fromPatch.Forward(s, out.Patches), patchPos)
}

// faceToken returns the features of a face [1, classes], scaled to length 1, as an embedding of the text [1, 1, D].
func (b *branch) faceToken(s *backend.Stream, class Tensor) Tensor {
	n := class.Dim(1)
	scale := s.Table(func(dst []float32) { // what makes RMSNorm a division by the norm
		for i := range dst {
			dst[i] = float32(1 / math.Sqrt(float64(n)))
		}
	}, n)
	unit := s.RMSNorm(Tensor{}, class, backend.NormArgs{Gamma: scale})
	return b.face.Forward(s, unit).Reshape(1, 1, -1)
}
