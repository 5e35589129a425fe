package sampler

import (
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// LCM takes the network, which is distilled for that, to see the picture at once, and goes back to the next level with fresh noise
// (Luo et al., Algorithm 3): diffusers' LCMScheduler. It keeps the picture.
type LCM struct {
	once
	TimeScale float64 // of the boundary conditions: timestep_scaling
}

// Kept returns 1.
func (LCM) Kept() int { return 1 }

// Step draws noise in bfloat16, as the reference's network has its output. The last one ends with the picture.
func (l LCM) Step(r *Run, i int) {
	seen := r.Kept[0]
	r.predict(seen, r.X, i, 0)
	r.toPicture(seen, i)
	const data = 0.5 // the standard deviation of pictures, in the boundary conditions
	time := float64(r.Timesteps[i]) * l.TimeScale
	ofX, ofSeen := data*data/(time*time+data*data), time/math.Sqrt(time*time+data*data)
	r.mix(seen, ofX, r.X, ofSeen, seen)
	if r.last(i) {
		r.Copy(r.X, seen)
		return
	}
	defer r.Release(r.Mark())
	picture, noise := r.parts(r.Sigmas[i+1])
	r.mix(r.X, picture, seen, noise, r.Noise(tensor.BF16))
}

// Clean returns the picture.
func (LCM) Clean(r *Run, _ int) Tensor { return r.Kept[0] }
