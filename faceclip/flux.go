package faceclip

import (
	"context"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/internal/tokenizer"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// negativeFLUX is the reference's negative prompt (infer_face_t5_flux.py).
const negativeFLUX = "digital painting, 3d render, CGI, cartoon, anime, unreal, stylized, overexposed, glossy skin, " +
	"wearing mask, looking away from the camera, wearing glasses, wearing sunglasses, nude, worst quality, low quality, " +
	"normal quality, nsfw, abstract, glitch, deformed, mutated, ugly, disfigured, text, watermark, bad hands, error, " +
	"jpeg artifacts, blurry, missing fingers, poorly drawn face, ugly eyes, imperfect eyes, deformed pupils, " +
	"deformed iris, bad anatomy"

// faceT5FLUX is the networks of FaceT5-FLUX, and what they are made of.
type faceT5FLUX struct {
	decoder
	clip      *tokenizer.CLIP
	t5        *tokenizer.T5
	scheduler sampler.FlowMatch
	sizes     encoder.Config
	config    flux.Config
	encoder   *encoder.Encoder
	dit       *flux.DiT
}

func openFLUX(ctx context.Context, f *model.Folder) (*system, error) {
	n := &faceT5FLUX{}
	if err := n.read(f); err != nil {
		return nil, err
	}
	sys := &system{
		networks: n, name: "FaceT5-FLUX", tokenize: n.tokenize, count: n.count, schedule: n.schedule,
		scale: 3.5, negative: negativeFLUX, faceSize: n.sizes.Vision.ImageSize,
		layout: layout{side: flux.Side, channels: n.config.LatentChannels()},
		fused:  []int{1, n.sizes.Text.Tokens, n.config.TextWidth}, pooled: []int{1, n.config.PooledWidth},
		output: "velocity", tracesPositive: true,
	}
	return sys, sys.open(ctx, f, [Done]part{
		Encoding:  {"face_t5_encoder", func(p nn.Params) { n.encoder = encoder.New(p, n.sizes) }},
		Denoising: {"transformer", func(p nn.Params) { n.dit = flux.New(p, n.config) }},
		Decoding:  {"vae", func(p nn.Params) { n.decoder.net = vae.NewDecoder(p, n.decoder.config) }},
	})
}

// read reads all but the weights.
func (n *faceT5FLUX) read(f *model.Folder) (err error) {
	if n.clip, err = f.CLIPTokenizer("tokenizer"); err != nil {
		return err
	}
	if n.t5, err = f.T5Tokenizer("tokenizer_2"); err != nil {
		return err
	}
	if n.scheduler, err = model.ReadConfig[sampler.FlowMatch](f, "scheduler/scheduler_config.json"); err != nil {
		return err
	}
	if n.config, err = model.ReadConfig[flux.Config](f, "transformer/config.json"); err != nil {
		return err
	}
	if err = n.readEncoder(f); err != nil {
		return err
	}
	n.decoder, err = readDecoder(f, n.config.LatentChannels())
	return err
}

func (n *faceT5FLUX) tokenize(ctx context.Context, prompt string, _ bool) tokens {
	return tokens{clip: n.clip.HF(prompt), t5: n.t5.IDs(ctx, prompt, n.sizes.Text.Tokens)}
}

func (n *faceT5FLUX) count(ctx context.Context, field, text string, _ bool) []TokenCount {
	return []TokenCount{
		{field, "clip", len(n.clip.HFEncode(text)), tokenizer.Length - 2},
		{field, "t5", n.t5.Count(ctx, text), n.sizes.Text.Tokens - 1},
	}
}

func (n *faceT5FLUX) schedule(j *job) error {
	c, err := n.scheduler.As(j.Sampler)
	if err != nil {
		return wrong("Sampler", "%w", err)
	}
	if c, err = c.Spaced(j.Schedule); err != nil {
		return wrong("Schedule", "%w", err)
	}
	rows, cols := gridFLUX(j)
	if err := c.CheckSteps(j.Steps); err != nil {
		return wrong("Steps", "%w", err)
	}
	if j.schedule, err = c.Schedule(j.Steps, rows*cols); err != nil {
		return wrong("Width", "%d and Height %d: %w", j.Width, j.Height, err)
	}
	j.Sampler, j.sampler = c.Name(), c.Sampler(j.Steps)
	return nil
}

// gridFLUX returns the rows and columns of tokens.
func gridFLUX(j *job) (rows, cols int) {
	h, w := j.latents()
	return h / flux.Side, w / flux.Side
}

// readEncoder reads face_t5_encoder/config.json; without one the sizes are the published ones.
func (n *faceT5FLUX) readEncoder(f *model.Folder) (err error) {
	const name = "face_t5_encoder/config.json"
	nameCLIP, nameT5 := name, name
	if f.Pickled() == "" {
		n.sizes, err = model.ConfigOr(f, name, encoder.Published)
	} else {
		nameCLIP, nameT5 = textEncoder, textEncoder2
		n.sizes, err = derivedFLUX(f)
	}
	if err == nil {
		err = matchCLIP(f, nameCLIP, n.sizes.CLIP, n.clip.Size())
	}
	transformer := f.Display("transformer/config.json")
	switch text := n.sizes.Text; {
	case err != nil:
		return err
	case n.t5.Size() > text.VocabSize:
		return fmt.Errorf("%s: vocab_size %d, but tokenizer_2 has %d tokens", f.Display(nameT5), text.VocabSize, n.t5.Size())
	case n.config.TextWidth != text.Width:
		return fmt.Errorf("%s: joint_attention_dim %d, but the text has d_model %d", transformer, n.config.TextWidth, text.Width)
	case n.config.PooledWidth != n.sizes.CLIP.Width:
		return fmt.Errorf("%s: pooled_projection_dim %d, but CLIP has hidden_size %d", transformer, n.config.PooledWidth, n.sizes.CLIP.Width)
	}
	return nil
}

func (n *faceT5FLUX) encode(s *backend.Stream, t *trace, text tokens, faces [][]float32) (fused, pooled tensor.Tensor) {
	t.ids(text.clip, "clip_ids")
	t.ids(text.t5, "t5_ids")
	t.faces(faces, n.sizes.Vision.ImageSize)
	out := n.encoder.Forward(s, encoder.Input{CLIP: text.clip, T5: text.t5, Faces: faces})
	t.stage(s, out.Patches, "vit.patch")
	t.stage(s, out.Pooled, "clip.pooled")
	t.stage(s, out.Hidden, "t5.hidden")
	t.stage(s, out.Fused, "fused")
	return out.Fused, out.Pooled
}

// predict returns the velocity that the transformer finds, for one condition after another.
func (n *faceT5FLUX) predict(s *backend.Stream, j *job, conditions []embedding) prediction {
	rows, cols := gridFLUX(j)
	rotation := n.config.Rotation(s, conditions[0].fused.Dim(1), rows, cols)
	var prompts []flux.Prompt
	for _, e := range conditions {
		prompts = append(prompts, flux.Prompt{
			Text:   s.PutFunc(func(dst []float32) { copy(dst, tensor.Float32s(e.fused)) }, e.fused.Shape()...),
			Pooled: s.Table(func(dst []float32) { copy(dst, tensor.Float32s(e.pooled)) }, e.pooled.Shape()...),
		})
	}
	return func(x tensor.Tensor, at sampler.At, first int) []tensor.Tensor {
		x = s.Activations(x)
		var each []tensor.Tensor
		for _, prompt := range prompts[first:] {
			each = append(each, n.dit.Forward(s, x, prompt, rotation, at.T))
		}
		return each
	}
}
