package faceclip

import (
	"cmp"
	"context"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/internal/tokenizer"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// negativeSDXL is the reference's negative prompt (infer_face_clip_sdxl.py).
const negativeSDXL = "nude, worst quality, low quality, normal quality, nsfw, abstract, glitch, deformed, mutated, " +
	"ugly, disfigured, text, watermark, bad hands, error, jpeg artifacts, blurry, missing fingers, " +
	"poorly drawn face, ugly eyes, imperfect eyes, deformed pupils, deformed iris, bad anatomy"

// faceCLIPSDXL is the networks of FaceCLIP-SDXL, and what they are made of.
type faceCLIPSDXL struct {
	decoder
	clip      *tokenizer.CLIP
	scheduler sampler.Diffusion
	sizes     encoder.Config
	config    sdxl.Config
	encoder   *encoder.Encoder
	unet      *sdxl.UNet
}

func openSDXL(ctx context.Context, f *model.Folder) (*system, error) {
	n := &faceCLIPSDXL{}
	if err := n.read(f); err != nil {
		return nil, err
	}
	sys := &system{
		networks: n, name: "FaceCLIP-SDXL", tokenize: n.tokenize, count: n.count, schedule: n.schedule,
		scale: 5, negative: negativeSDXL, faceSize: n.sizes.Vision.ImageSize,
		layout: layout{side: 1, channels: n.config.InChannels},
		fused:  []int{1, tokenizer.Length, n.config.TextWidth}, pooled: []int{1, n.sizes.TextG.Width},
		output: "eps", tracesCondition: true, embedsGuidance: n.config.GuidanceWidth > 0,
	}
	return sys, sys.open(ctx, f, [Done]part{
		Encoding:  {"face_clip_encoder", func(p nn.Params) { n.encoder = encoder.New(p, n.sizes) }},
		Denoising: {"unet", func(p nn.Params) { n.unet = sdxl.New(p, n.config) }},
		Decoding:  {"vae", func(p nn.Params) { n.decoder.net = vae.NewDecoder(p, n.decoder.config) }},
	})
}

// read reads all but the weights.
func (n *faceCLIPSDXL) read(f *model.Folder) (err error) {
	if n.clip, err = f.CLIPTokenizer("tokenizer"); err != nil {
		return err
	}
	if n.scheduler, err = model.ReadConfig[sampler.Diffusion](f, "scheduler/scheduler_config.json"); err != nil {
		return err
	}
	if n.config, err = model.ReadConfig[sdxl.Config](f, "unet/config.json"); err != nil {
		return err
	}
	if err = n.readEncoder(f); err != nil {
		return err
	}
	n.decoder, err = readDecoder(f, n.config.InChannels)
	return err
}

// readEncoder reads face_clip_encoder/config.json; without one the sizes are the published ones.
func (n *faceCLIPSDXL) readEncoder(f *model.Folder) (err error) {
	const name = "face_clip_encoder/config.json"
	nameL, nameG := name, name
	if f.Pickled() == "" {
		n.sizes, err = model.ConfigOr(f, name, encoder.Published)
	} else {
		nameL, nameG = textEncoder, textEncoder2
		n.sizes, err = derivedSDXL(f)
	}
	l, g, vocabulary, unet := n.sizes.TextL, n.sizes.TextG, n.clip.Size(), f.Display("unet/config.json")
	if err == nil {
		err = cmp.Or(matchCLIP(f, nameL, l, vocabulary), matchCLIP(f, nameG, g, vocabulary))
	}
	switch width, pooled := l.Width+g.Width, n.config.AddedWidth-6*n.config.SizeWidth; {
	case err != nil:
		return err
	case n.config.TextWidth != width:
		return fmt.Errorf("%s: cross_attention_dim %d, but the text towers give %d", unet, n.config.TextWidth, width)
	case pooled != g.Width:
		return fmt.Errorf("%s: projection_class_embeddings_input_dim leaves %d for the pooled text, which has %d", unet, pooled, g.Width)
	}
	return nil
}

func (n *faceCLIPSDXL) schedule(j *job) error {
	c, err := n.scheduler.As(j.Sampler)
	if err != nil {
		return wrong("Sampler", "%w", err)
	}
	if c, err = c.Spaced(j.Schedule); err != nil {
		return wrong("Schedule", "%w", err)
	}
	if j.schedule, err = c.Schedule(j.Steps); err != nil {
		return wrong("Steps", "%w", err)
	}
	j.Sampler, j.sampler = c.Name(), c.Sampler(j.Steps)
	return nil
}

// idPrompt stands before the prompt of a person whose face is given; its word "id" becomes the face.
const idPrompt = "Photo of a id person."

// tokenize returns a prompt as both text towers read it. The face goes where the prefix has the token "id"; the start token is a
// part of the prefix.
func (n *faceCLIPSDXL) tokenize(_ context.Context, prompt string, face bool) tokens {
	if !face {
		return tokens{clip: n.clip.FaceCLIP(prompt)}
	}
	text := tokens{clip: n.clip.FaceCLIP(withFace(prompt))}
	prefix, id := 1+len(n.clip.FaceCLIPEncode(idPrompt)), n.clip.FaceCLIPEncode("id")[0]
	for i, token := range text.clip[:min(prefix, len(text.clip))] {
		if token == id {
			text.replaced = append(text.replaced, i)
		}
	}
	return text
}

func withFace(prompt string) string { return idPrompt + " " + prompt }

// count counts as tokenize does, for both text towers at once.
func (n *faceCLIPSDXL) count(_ context.Context, field, text string, face bool) []TokenCount {
	if face {
		text = withFace(text)
	}
	return []TokenCount{{field, "clip", len(n.clip.FaceCLIPEncode(text)), tokenizer.Length - 2}}
}

func (n *faceCLIPSDXL) encode(s *backend.Stream, t *trace, text tokens, faces [][]float32) (fused, pooled tensor.Tensor) {
	t.ids(text.clip, "ids")
	t.faces(faces, n.sizes.Vision.ImageSize)
	out := n.encoder.Forward(s, encoder.Input{IDs: text.clip, Replaced: text.replaced, Faces: faces})
	for i, branch := range []encoder.Stages{out.L, out.G} {
		name := "lg"[i : i+1]
		t.stage(s, branch.Class, "vit_%s.class", name)
		t.stage(s, branch.Patches, "vit_%s.patch", name)
		t.stage(s, branch.Hidden, "text_%s.hidden", name)
		t.stage(s, branch.Fused, "fused_%s", name)
	}
	t.stage(s, out.Pooled, "text_g.pooled")
	return out.Context, out.Pooled
}

// predict returns what the U-Net makes of all conditions in one batch or, where they are apart, of one after another.
func (n *faceCLIPSDXL) predict(s *backend.Stream, j *job, conditions []embedding) prediction {
	text := s.PutFunc(func(dst []float32) {
		for _, e := range conditions {
			dst = dst[copy(dst, tensor.Float32s(e.fused)):]
		}
	}, len(conditions), conditions[0].fused.Dim(1), n.config.TextWidth)
	added := s.Table(func(dst []float32) {
		for _, e := range conditions {
			dst = dst[copy(dst, n.config.Added(tensor.Float32s(e.pooled), j.Width, j.Height)):]
		}
	}, len(conditions), n.config.AddedWidth)
	batch := func(x tensor.Tensor, at sampler.At, lo, hi int) (each []tensor.Tensor) {
		time := n.config.Time(at.T)
		z := s.New(hi-lo, x.Dim(1), x.Dim(2), x.Dim(3))
		times := s.Table(func(dst []float32) {
			for len(dst) > 0 {
				dst = dst[copy(dst, time):]
			}
		}, hi-lo, len(time))
		if j.embeds {
			n.unet.Tell(s, times, s.Table(func(dst []float32) { copy(dst, n.config.Guidance(j.Guidance.Scale)) }, 1, n.config.GuidanceWidth))
		}
		for b := range hi - lo {
			s.Lincomb(z.Slice(0, b, b+1), at.Scale, x, 0, x)
		}
		outputs := n.unet.Forward(s, z, times, added.Slice(0, lo, hi), text.Slice(0, lo, hi))
		for b := range hi - lo {
			each = append(each, outputs.Slice(0, b, b+1))
		}
		return each
	}
	return func(x tensor.Tensor, at sampler.At, first int) (each []tensor.Tensor) {
		if !j.apart {
			return batch(x, at, first, len(conditions))
		}
		for i := first; i < len(conditions); i++ {
			each = append(each, batch(x, at, i, i+1)...)
		}
		return each
	}
}
