package faceclip

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
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

// faceCLIPSDXL is the network FaceCLIP-SDXL.
type faceCLIPSDXL struct {
	decoder
	parts   [Done]*component
	tokens  *tokenizer.CLIP
	encoder *encoder.Encoder
	unet    *sdxl.UNet
	config  sdxl.Config
	sampler sampler.ScaledLinear
}

func openSDXL(ctx context.Context, f *folder) (network, error) {
	n := &faceCLIPSDXL{}
	var err error
	if n.tokens, err = f.clipTokenizer("tokenizer"); err != nil {
		return nil, err
	}
	if n.sampler, err = readConfig[sampler.ScaledLinear](f, "scheduler/scheduler_config.json"); err != nil {
		return nil, err
	}
	if n.config, err = readConfig[sdxl.Config](f, "unet/config.json"); err != nil {
		return nil, err
	}
	encoderConf, err := n.encoderConfig(f)
	if err != nil {
		return nil, err
	}
	if n.decoder, err = f.readDecoder(n.config.InChannels); err != nil {
		return nil, err
	}
	n.parts, err = f.components(ctx, [Done]part{
		Encoding:  {"face_clip_encoder", func(p nn.Params) { n.encoder = encoder.New(p, encoderConf) }},
		Denoising: {"unet", func(p nn.Params) { n.unet = sdxl.New(p, n.config) }},
		Decoding:  {"vae", func(p nn.Params) { n.decoder.net = vae.NewDecoder(p, n.decoder.config) }},
	})
	return n, err
}

// encoderConfig reads face_clip_encoder/config.json; without one the sizes are the published ones.
func (n *faceCLIPSDXL) encoderConfig(f *folder) (encoder.Config, error) {
	const name = "face_clip_encoder/config.json"
	nameL, nameG := name, name
	c, err := configOr(f, name, encoder.Published)
	if f.pickled != nil {
		nameL, nameG = textEncoder, textEncoder2
		c, err = f.derivedSDXL()
	}
	if err == nil {
		err = cmp.Or(f.matchCLIP(nameL, c.TextL, n.tokens.Size()), f.matchCLIP(nameG, c.TextG, n.tokens.Size()))
	}
	if err != nil {
		return c, err
	}
	unet := f.display("unet/config.json")
	switch context, pooled := c.TextL.Width+c.TextG.Width, n.config.AddedWidth-6*n.config.SizeWidth; {
	case n.config.TextWidth != context:
		return c, fmt.Errorf("%s: cross_attention_dim %d, but the text towers give %d", unet, n.config.TextWidth, context)
	case pooled != c.TextG.Width:
		return c, fmt.Errorf("%s: projection_class_embeddings_input_dim leaves %d for the pooled text, which has %d", unet, pooled, c.TextG.Width)
	}
	return c, nil
}

func (n *faceCLIPSDXL) defaults() defaults {
	return defaults{guidance: 5, negative: negativeSDXL, multiple: latentFactor}
}

func (n *faceCLIPSDXL) components() [Done]*component { return n.parts }

func (n *faceCLIPSDXL) faceSize() int { return n.encoder.Config().Vision.ImageSize }

func (n *faceCLIPSDXL) encode(s *backend.Stream, t *trace, prompt string, faces [][]float32) embedding {
	size := n.faceSize()
	in := encoder.Input{Faces: orBlack(faces, size)}
	if len(faces) == 0 {
		in.IDs = n.tokens.FaceCLIP(prompt)
	} else {
		in.IDs = n.tokens.FaceCLIP(idPrompt + " " + prompt)
		in.Replaced = n.idPositions(in.IDs)
	}
	t.host(tensor.FromInt32s(in.IDs, 1, len(in.IDs)), "ids")
	t.host(tensor.FromFloat32s(slices.Concat(in.Faces...), len(in.Faces), 3, size, size), "face")

	out := n.encoder.Forward(s, in)
	for i, branch := range []encoder.Stages{out.L, out.G} {
		name := "lg"[i : i+1]
		t.stage(s, branch.Class, "vit_%s.class", name)
		t.stage(s, branch.Patches, "vit_%s.patch", name)
		t.stage(s, branch.Hidden, "text_%s.hidden", name)
		t.stage(s, branch.Fused, "fused_%s", name)
	}
	t.stage(s, out.Pooled, "text_g.pooled")
	return embeddingOf(s, out.Context, out.Pooled)
}

// idPrompt stands before the prompt of a person whose face is given; its word "id" becomes the face.
const idPrompt = "Photo of a id person."

// idPositions returns where the face goes: the tokens "id" of the prefix, of which the start token is a part.
func (n *faceCLIPSDXL) idPositions(ids []int32) []int {
	prefix := 1 + len(n.tokens.FaceCLIPEncode(idPrompt))
	id := n.tokens.FaceCLIPEncode("id")[0]
	var positions []int
	for i, token := range ids[:min(prefix, len(ids))] {
		if token == id {
			positions = append(positions, i)
		}
	}
	return positions
}

func (n *faceCLIPSDXL) latent(j *job) (h, w, channels int) {
	return j.height / latentFactor, j.width / latentFactor, n.config.InChannels
}

// A sdxlRun is a denoiser.
type sdxlRun struct {
	net     *faceCLIPSDXL
	job     *job
	times   sampler.Schedule
	context tensor.Tensor // [B, T, D]
	added   tensor.Tensor // [B, A]
}

func (n *faceCLIPSDXL) denoiser(s *backend.Stream, t *trace, j *job, conditions []embedding) (denoiser, error) {
	times, err := n.sampler.Schedule(j.steps)
	if err != nil {
		return nil, err
	}
	var context, pooled, added []float32
	for _, c := range conditions {
		p := tensor.Float32s(c.pooled)
		context = append(context, tensor.Float32s(c.context)...)
		pooled = append(pooled, p...)
		added = append(added, n.config.Added(p, j.width, j.height)...)
	}
	batch := len(conditions)
	run := &sdxlRun{
		net: n, job: j, times: times,
		context: s.Put(context, batch, len(context)/batch/n.config.TextWidth, n.config.TextWidth),
		added:   s.Put(added, batch, n.config.AddedWidth),
	}
	t.host(tensor.FromFloat32s(context, run.context.Shape()...), "context")
	t.host(tensor.FromFloat32s(pooled, batch, len(pooled)/batch), "pooled")
	t.schedule(times)
	return run, nil
}

func (r *sdxlRun) schedule() sampler.Schedule { return r.times }

func (r *sdxlRun) shape() []int {
	h, w, channels := r.net.latent(r.job)
	return []int{1, h, w, channels}
}

func (r *sdxlRun) latent(x tensor.Tensor) tensor.Tensor { return x }

// start returns the noise, drawn in bfloat16 in the order [4, h, w], scaled to the first sigma in float32.
func (r *sdxlRun) start(t *trace) []float32 {
	h, w, c := r.net.latent(r.job)
	noise := sampler.Normal(r.job.Seed, c*h*w, tensor.BF16)
	t.host(tensor.FromFloat32s(noise, 1, c, h, w), "noise")
	x := planes(noise, h*w) // channels last
	sigma := r.times.InitNoiseSigma()
	for i := range x {
		x[i] *= sigma
	}
	return x
}

// derivative returns the predicted noise. A guided step is a batch of two, negative first.
func (r *sdxlRun) derivative(s *backend.Stream, t *trace, x tensor.Tensor, step int) tensor.Tensor {
	y := s.New(x.Shape()...)
	defer s.Release(s.Mark())
	batch, config := r.context.Dim(0), r.net.config
	sigma := float64(r.times.Sigmas[step])
	z := s.New(batch, x.Dim(1), x.Dim(2), x.Dim(3))
	var time []float32
	for b := range batch {
		s.Lincomb(z.Slice(0, b, b+1), float32(1/math.Sqrt(sigma*sigma+1)), x, 0, x)
		time = append(time, config.Time(r.times.Timesteps[step])...)
	}
	eps := r.net.unet.Forward(s, z, s.Put(time, batch, len(time)/batch), r.added, r.context)
	if !r.job.guided() {
		s.Copy(y, eps)
	} else {
		negative, positive := eps.Slice(0, 0, 1), eps.Slice(0, 1, 2)
		s.Lincomb(y, r.job.guidance, positive, 1-r.job.guidance, negative)
		if step == 0 {
			t.stage(s, negative, "eps_negative.%02d", step)
			t.stage(s, positive, "eps_positive.%02d", step)
		}
	}
	t.stage(s, y, "eps.%02d", step)
	return y
}
