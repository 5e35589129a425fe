package faceclip

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

const (
	defaultWidth  = 864
	defaultHeight = 1152
	defaultSteps  = 50
)

// A network is one of the published systems, with its weights: what they do differently.
type network interface {
	defaults() defaults
	// components returns the checkpoint of each stage.
	components() [Done]*component
	// faceSize returns the side of a face in pixels.
	faceSize() int
	// encode returns what the denoiser needs to know of a prompt and the faces of a person, if any, each [3, size, size]. It
	// runs within Do.
	encode(s *backend.Stream, t *trace, prompt string, faces [][]float32) embedding
	// latent returns the rows, columns and channels of a request's latent image.
	latent(j *job) (h, w, channels int)
	// denoiser prepares a run with the conditions [negative, positive], or [positive] without guidance. What it puts
	// on s stays there.
	denoiser(s *backend.Stream, t *trace, j *job, conditions []embedding) (denoiser, error)
	// decode returns the pixels [1, height, width, 3] of a finished latent [1, h, w, C].
	decode(s *backend.Stream, t *trace, latent tensor.Tensor) tensor.Tensor
}

// defaults are what a request leaves out.
type defaults struct {
	guidance float32
	negative string
	multiple int // of width and height
}

// An embedding is a prompt and a face, encoded, in host memory.
type embedding struct {
	context tensor.Tensor // F32 [1, T, D]
	pooled  tensor.Tensor // F32 [1, P]
}

func embeddingOf(s *backend.Stream, context, pooled tensor.Tensor) embedding {
	return embedding{
		context: tensor.FromFloat32s(s.Floats(context), context.Shape()...),
		pooled:  tensor.FromFloat32s(s.Floats(pooled), pooled.Shape()...),
	}
}

// A denoiser is one run of the sampler.
type denoiser interface {
	schedule() sampler.Schedule
	// shape returns that of the sampler's state x; start returns the first one.
	shape() []int
	start(t *trace) []float32
	// derivative returns dx/dσ before a step, shaped as x. It runs within Do.
	derivative(s *backend.Stream, t *trace, x tensor.Tensor, step int) tensor.Tensor
	// latent returns x, in host memory, as a latent image [1, h, w, C].
	latent(x tensor.Tensor) tensor.Tensor
}
