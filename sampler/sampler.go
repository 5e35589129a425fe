package sampler

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [backend.Tensor].
type Tensor = backend.Tensor

// At says where a network is asked.
type At struct {
	Step, Call int     // from 0; the second counts the calls of a step
	Sigma      float32 // noise level
	T          float32 // what the network is told of it
	Scale      float32 // what the latent is multiplied by to be of variance 1
}

// A Predict stores in dst what a network makes of the latent x at a noise level: what [Schedule.Predicts] says.
type Predict func(dst, x Tensor, at At)

// A Sampler moves a latent along the noise levels of a schedule. Its methods run within Do; those of a Plan, too.
type Sampler interface {
	// Kept returns how many tensors, shaped as the latent, it keeps from one step to the next.
	Kept() int
	// Calls returns how often step i asks the network.
	Calls(sch *Schedule, i int) int
	// Step moves the latent from the noise level before step i to the one after it, in place.
	Step(r *Run, i int)
	// Clean returns the picture that the latent heads for after step i.
	Clean(r *Run, i int) Tensor
}

// A Run is a latent on its way, and what a sampler moves it with. All tensors are F32 and shaped alike.
type Run struct {
	*backend.Stream
	*Schedule
	X       Tensor
	Kept    []Tensor // as many as the sampler keeps
	Predict Predict
	// Noise returns the next numbers of the generator that has drawn the first latent, as torch draws them in a type.
	Noise func(tensor.DType) Tensor
}

// predict stores in dst what the network makes of x at the level of a step, or at the one after it in a second call.
func (r *Run) predict(dst, x Tensor, i, call int) { r.Predict(dst, x, r.at(i, call)) }

// mix stores ofX·x + ofY·y in dst, which may be x or y.
func (r *Run) mix(dst Tensor, ofX float64, x Tensor, ofY float64, y Tensor) Tensor {
	return r.Lincomb(dst, float32(ofX), x, float32(ofY), y)
}

// toPicture turns output, made of the latent at the level of step i, into the picture that it tells of.
func (r *Run) toPicture(output Tensor, i int) {
	ofX, ofOutput := r.picture(r.Sigmas[i])
	r.mix(output, ofX, r.X, ofOutput, output)
}

// addNoise adds so much noise to the latent; none is drawn where it is 0, at the end.
func (r *Run) addNoise(much float64, dt tensor.DType) {
	if much > 0 {
		defer r.Release(r.Mark())
		r.mix(r.X, 1, r.X, much, r.Noise(dt))
	}
}

// once is the Calls of samplers that ask the network once a step.
type once struct{}

// Calls returns 1.
func (once) Calls(*Schedule, int) int { return 1 }
