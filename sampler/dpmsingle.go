package sampler

import "github.com/faceclip-go/faceclip-go/tensor"

// DPMSingle is DPM-Solver++ of second order in single steps (Lu et al., Algorithm 1): diffusers' DPMSolverSinglestepScheduler. Steps
// come in pairs: one of first order to a level between, then one of second order from where the pair began. It keeps that
// latent and the pictures of two steps.
type DPMSingle struct {
	once
	SDE bool // adds noise: sde-dpmsolver++
}

// Kept returns 3.
func (DPMSingle) Kept() int { return 3 }

// Step draws noise in bfloat16, as the reference's network has its output.
func (d DPMSingle) Step(r *Run, i int) {
	first, now, before := r.Kept[2], r.Kept[i%2], r.Kept[(i+1)%2]
	r.predict(now, r.X, i, 0)
	r.toPicture(now, i)
	to := r.Sigmas[i+1]
	if i%2 == 0 || r.last(i) {
		r.Copy(first, r.X)
		m := solve(r.Schedule, r.Sigmas[i], to, d.SDE)
		r.mix(r.X, m.x, r.X, m.picture, now)
		r.addNoise(m.noise, tensor.BF16)
		return
	}
	m, start := solve(r.Schedule, r.Sigmas[i-1], to, d.SDE), r.lambda(r.Sigmas[i-1])
	slope := m.picture / 2 * (r.lambda(to) - start) / (r.lambda(r.Sigmas[i]) - start) // 1/(2r) in the paper
	r.mix(r.X, m.x, first, slope, now)
	r.mix(r.X, 1, r.X, m.picture-slope, before)
	r.addNoise(m.noise, tensor.BF16)
}

// Clean returns the picture of step i.
func (DPMSingle) Clean(r *Run, i int) Tensor { return r.Kept[i%2] }
