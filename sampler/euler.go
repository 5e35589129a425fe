package sampler

import (
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
)

// Euler is the method of that name: diffusers' EulerDiscreteScheduler and FlowMatchEulerDiscreteScheduler. It keeps the
// derivative of the last step.
type Euler struct{}

// InitScale returns the standard deviation of the first step's input where noise is added to a picture of variance 1.
func (Euler) InitScale(sch *Schedule) float32 {
	if sch.Flow {
		return 1
	}
	largest := slices.Max(sch.Sigmas)
	return float32(math.Sqrt(float64(float32(largest*largest) + 1)))
}

// Kept returns 1.
func (Euler) Kept() int { return 1 }

// Step moves x along its derivative.
func (Euler) Step(s *backend.Stream, x Tensor, kept []Tensor, sch *Schedule, i int, predict Predict) {
	predict(kept[0], x, sch.at(i, 0))
	s.Lincomb(x, 1, x, sch.Sigmas[i+1]-sch.Sigmas[i], kept[0])
}

// Clean moves x along the last derivative to the noise level 0.
func (Euler) Clean(s *backend.Stream, x Tensor, kept []Tensor, sch *Schedule, i int) Tensor {
	return s.Lincomb(Tensor{}, 1, x, -sch.Sigmas[i+1], kept[0])
}
