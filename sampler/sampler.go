package sampler

import "github.com/faceclip-go/faceclip-go/backend"

// Tensor is short for [backend.Tensor].
type Tensor = backend.Tensor

// A Schedule lists the steps of sampling, from pure noise to the picture.
type Schedule struct {
	Timesteps []float32 // what the network is told, for each step
	Sigmas    []float32 // noise level before each step and after the last one
	Flow      bool      // the latent is a straight mix of picture and noise, of parts 1 - σ and σ; else noise is added to it
}

// At says where a network is asked.
type At struct {
	Step, Call int     // from 0; the second counts the calls of a step
	Sigma      float32 // noise level
	T          float32 // what the network is told of it
}

// at returns where call number call of step i is, at the noise level before the step.
func (s *Schedule) at(i, call int) At {
	return At{Step: i, Call: call, Sigma: s.Sigmas[i], T: s.Timesteps[i]}
}

// A Predict stores in dst what a network makes of the latent x at a noise level: the noise in it or, if the schedule is one of
// flow matching, its velocity. Either is dx/dσ.
type Predict func(dst, x Tensor, at At)

// A Sampler moves a latent along the noise levels of a schedule. Its methods run within Do; those of a Plan, too.
type Sampler interface {
	// InitScale returns what standard normal noise is multiplied by to be the latent before the first step.
	InitScale(sch *Schedule) float32
	// Kept returns how many tensors, shaped as the latent, it keeps from one step to the next.
	Kept() int
	// Step moves x from the noise level before step i to the one after it, in place.
	Step(s *backend.Stream, x Tensor, kept []Tensor, sch *Schedule, i int, predict Predict)
	// Clean returns the picture that x heads for after step i.
	Clean(s *backend.Stream, x Tensor, kept []Tensor, sch *Schedule, i int) Tensor
}
