package sampler

import (
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// TCD takes the network, which is distilled for that, to move the latent to any level at once: below the next one, from where
// fresh noise brings it back (Zheng et al., Algorithm 4): diffusers' TCDScheduler. It keeps the picture.
type TCD struct{ once }

// stochasticity is γ in the paper, the published 0.3: which part of the way to 0 a step goes below the next time.
const stochasticity = 0.3

// Kept returns 1.
func (TCD) Kept() int { return 1 }

// Step draws noise in bfloat16, as the reference's network has its output. The last one draws none.
func (TCD) Step(r *Run, i int) {
	seen := r.Kept[0]
	r.predict(seen, r.X, i, 0)
	defer r.Release(r.Mark())
	ofX, ofOutput := r.moved(r.Sigmas[i], r.aim(i))
	x := r.mix(Tensor{}, ofX, r.X, ofOutput, seen)
	r.toPicture(seen, i)
	if r.last(i) {
		r.Copy(r.X, x)
		return
	}
	below, _ := r.parts(r.aim(i))
	picture, _ := r.parts(r.Sigmas[i+1])
	ratio := picture / below
	r.mix(r.X, ratio, x, math.Sqrt(1-ratio*ratio), r.Noise(tensor.BF16))
}

// Clean returns the picture.
func (TCD) Clean(r *Run, _ int) Tensor { return r.Kept[0] }
