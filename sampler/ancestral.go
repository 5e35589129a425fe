package sampler

import (
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// EulerAncestral goes below the next noise level and comes up to it with fresh noise: diffusers' EulerAncestralDiscreteScheduler.
// It keeps the picture.
type EulerAncestral struct{ once }

// Kept returns 1.
func (EulerAncestral) Kept() int { return 1 }

// Step draws noise in bfloat16, as the reference's network has its output.
func (EulerAncestral) Step(r *Run, i int) {
	defer r.Release(r.Mark())
	output := r.Kept[0]
	r.predict(output, r.X, i, 0)
	from, to := float64(r.Sigmas[i]), float64(r.Sigmas[i+1])
	ofX, ofOutput := r.moved(r.Sigmas[i], float32(to*to/from))
	x := r.mix(Tensor{}, ofX, r.X, ofOutput, output)
	r.toPicture(output, i)
	r.Copy(r.X, x)
	r.addNoise(to*math.Sqrt(from*from-to*to)/from, tensor.BF16)
}

// Clean returns the picture.
func (EulerAncestral) Clean(r *Run, _ int) Tensor { return r.Kept[0] }
