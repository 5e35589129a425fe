package faceclip

import (
	"context"
	"fmt"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/facet5"
	"github.com/faceclip-go/faceclip-go/flux"
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

// faceT5FLUX is the network FaceT5-FLUX.
type faceT5FLUX struct {
	decoder
	parts   [Done]*component
	clip    *tokenizer.CLIP
	t5      *tokenizer.T5
	encoder *facet5.Encoder
	dit     *flux.DiT
	config  flux.Config
	sampler sampler.FlowMatch
}

func openFLUX(ctx context.Context, f *folder) (network, error) {
	n := &faceT5FLUX{}
	var err error
	if n.clip, err = f.clipTokenizer("tokenizer"); err != nil {
		return nil, err
	}
	if n.t5, err = f.t5Tokenizer("tokenizer_2"); err != nil {
		return nil, err
	}
	if n.sampler, err = readConfig[sampler.FlowMatch](f, "scheduler/scheduler_config.json"); err != nil {
		return nil, err
	}
	if n.config, err = readConfig[flux.Config](f, "transformer/config.json"); err != nil {
		return nil, err
	}
	encoderConf, err := n.encoderConfig(f)
	if err != nil {
		return nil, err
	}
	if n.decoder, err = f.readDecoder(n.config.LatentChannels()); err != nil {
		return nil, err
	}
	n.parts, err = f.components(ctx, [Done]part{
		Encoding:  {"face_t5_encoder", func(p nn.Params) { n.encoder = facet5.New(p, encoderConf) }},
		Denoising: {"transformer", func(p nn.Params) { n.dit = flux.New(p, n.config) }},
		Decoding:  {"vae", func(p nn.Params) { n.decoder.net = vae.NewDecoder(p, n.decoder.config) }},
	})
	return n, err
}

// encoderConfig reads face_t5_encoder/config.json; without one the sizes are the published ones.
func (n *faceT5FLUX) encoderConfig(f *folder) (facet5.Config, error) {
	const name = "face_t5_encoder/config.json"
	nameCLIP, nameT5 := name, name
	c, err := configOr(f, name, facet5.Published)
	if f.pickled != nil {
		nameCLIP, nameT5 = textEncoder, textEncoder2
		c, err = f.derivedFLUX()
	}
	if err == nil {
		err = f.matchCLIP(nameCLIP, c.CLIP, n.clip.Size())
	}
	if err != nil {
		return c, err
	}
	transformer := f.display("transformer/config.json")
	switch {
	case n.t5.Size() > c.Text.VocabSize:
		return c, fmt.Errorf("%s: vocab_size %d, but tokenizer_2 has %d tokens", f.display(nameT5), c.Text.VocabSize, n.t5.Size())
	case n.config.TextWidth != c.Text.Width:
		return c, fmt.Errorf("%s: joint_attention_dim %d, but the text has d_model %d", transformer, n.config.TextWidth, c.Text.Width)
	case n.config.PooledWidth != c.CLIP.Width:
		return c, fmt.Errorf("%s: pooled_projection_dim %d, but CLIP has hidden_size %d", transformer, n.config.PooledWidth, c.CLIP.Width)
	}
	return c, nil
}

func (n *faceT5FLUX) defaults() defaults {
	return defaults{guidance: 3.5, negative: negativeFLUX, multiple: flux.Side * latentFactor}
}

func (n *faceT5FLUX) components() [Done]*component { return n.parts }

func (n *faceT5FLUX) faceSize() int { return n.encoder.Config().Vision.ImageSize }

func (n *faceT5FLUX) encode(s *backend.Stream, t *trace, prompt string, faces [][]float32) embedding {
	size, length := n.faceSize(), n.encoder.Config().Text.Tokens
	in := facet5.Input{CLIP: n.clip.HF(prompt), T5: n.t5.IDs(prompt, length), Faces: orBlack(faces, size)}
	t.host(tensor.FromInt32s(in.CLIP, 1, len(in.CLIP)), "clip_ids")
	t.host(tensor.FromInt32s(in.T5, 1, len(in.T5)), "t5_ids")
	t.host(tensor.FromFloat32s(slices.Concat(in.Faces...), len(in.Faces), 3, size, size), "face")

	out := n.encoder.Forward(s, in)
	t.stage(s, out.Patches, "vit.patch")
	t.stage(s, out.Pooled, "clip.pooled")
	t.stage(s, out.Hidden, "t5.hidden")
	t.stage(s, out.Fused, "fused")
	return embeddingOf(s, out.Fused, out.Pooled)
}

func (n *faceT5FLUX) latent(j *job) (h, w, channels int) {
	return j.height / latentFactor, j.width / latentFactor, n.config.LatentChannels()
}

// A fluxRun is a denoiser. It works on tokens [1, N, 4·C].
type fluxRun struct {
	net                *faceT5FLUX
	job                *job
	times              sampler.Schedule
	rotation           flux.Rotation
	negative, positive flux.Prompt
}

func (n *faceT5FLUX) denoiser(s *backend.Stream, t *trace, j *job, conditions []embedding) (denoiser, error) {
	r := &fluxRun{net: n, job: j}
	rows, cols := r.grid()
	var err error
	if r.times, err = n.sampler.Schedule(j.steps, rows*cols); err != nil {
		return nil, fmt.Errorf("Request.Width %d and Height %d: %w", j.width, j.height, err)
	}
	r.rotation = n.config.Rotation(s, conditions[0].context.Dim(1), rows, cols)
	put := func(e embedding) flux.Prompt {
		return flux.Prompt{
			Text:   s.Put(tensor.Float32s(e.context), e.context.Shape()...),
			Pooled: s.Put(tensor.Float32s(e.pooled), e.pooled.Shape()...),
		}
	}
	if j.guided() {
		r.negative = put(conditions[0])
	}
	r.positive = put(conditions[len(conditions)-1])
	t.schedule(r.times)
	return r, nil
}

// grid returns the rows and columns of tokens.
func (r *fluxRun) grid() (rows, cols int) {
	h, w, _ := r.net.latent(r.job)
	return h / flux.Side, w / flux.Side
}

func (r *fluxRun) schedule() sampler.Schedule { return r.times }

func (r *fluxRun) shape() []int {
	rows, cols := r.grid()
	return []int{1, rows * cols, r.net.config.InChannels}
}

// start returns the noise, drawn in bfloat16 in the order [C, h, w], packed.
func (r *fluxRun) start(t *trace) []float32 {
	h, w, c := r.net.latent(r.job)
	noise := sampler.Normal(r.job.Seed, c*h*w, tensor.BF16)
	t.host(tensor.FromFloat32s(noise, 1, c, h, w), "noise")
	rows, cols := r.grid()
	return flux.Pack(noise, c, rows, cols)
}

// derivative returns the velocity. A guided step is two forwards.
func (r *fluxRun) derivative(s *backend.Stream, t *trace, x tensor.Tensor, step int) tensor.Tensor {
	time := r.times.Timesteps[step]
	v := r.net.dit.Forward(s, x, r.positive, r.rotation, time)
	defer s.Release(s.Mark())
	if step == 0 {
		t.stage(s, v, "velocity_positive.%02d", step)
	}
	if r.job.guided() {
		u := r.net.dit.Forward(s, x, r.negative, r.rotation, time)
		if step == 0 {
			t.stage(s, u, "velocity_negative.%02d", step)
		}
		s.Lincomb(v, r.job.guidance, v, 1-r.job.guidance, u)
	}
	t.stage(s, v, "velocity.%02d", step)
	return v
}

func (r *fluxRun) latent(x tensor.Tensor) tensor.Tensor {
	h, w, c := r.net.latent(r.job)
	rows, cols := r.grid()
	latents := flux.Unpack(tensor.Float32s(x), c, rows, cols)
	return tensor.FromFloat32s(planes(latents, h*w), 1, h, w, c)
}
