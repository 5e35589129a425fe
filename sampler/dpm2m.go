package sampler

import (
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// DPM2M is DPM-Solver++ of second order in many steps (Lu et al., Algorithm 2): diffusers' DPMSolverMultistepScheduler. It keeps
// the pictures of two steps.
type DPM2M struct {
	once
	SDE          bool // adds noise: sde-dpmsolver++
	LowerAtFinal bool // the last step is of first order, also where it does not end at noise level 0
}

// Kept returns 2.
func (DPM2M) Kept() int { return 2 }

// Step draws noise in float32, as the reference does.
func (d DPM2M) Step(r *Run, i int) {
	now, before := r.Kept[i%2], r.Kept[(i+1)%2]
	r.predict(now, r.X, i, 0)
	r.toPicture(now, i)
	to := r.Sigmas[i+1]
	m := solve(r.Schedule, r.Sigmas[i], to, d.SDE)
	if i == 0 || r.last(i) && (to == 0 || d.LowerAtFinal) {
		r.mix(r.X, m.x, r.X, m.picture, now)
	} else {
		lambda := r.lambda(r.Sigmas[i])
		slope := m.picture / 2 * (r.lambda(to) - lambda) / (lambda - r.lambda(r.Sigmas[i-1])) // 1/(2r) in the paper
		r.mix(r.X, m.x, r.X, m.picture+slope, now)
		r.mix(r.X, 1, r.X, -slope, before)
	}
	r.addNoise(m.noise, tensor.F32)
}

// Clean returns the picture of step i.
func (DPM2M) Clean(r *Run, i int) Tensor { return r.Kept[i%2] }

// A move is what a latent becomes: so much of itself, of a picture and of fresh noise.
type move struct{ x, picture, noise float64 }

// solve returns the exact move from one level to another while the picture stays the same: of the ordinary differential equation or
// of the stochastic one.
func solve(sch *Schedule, from, to float32, stochastic bool) move {
	_, noiseBefore := sch.parts(from)
	picture, noise := sch.parts(to)
	h := sch.lambda(to) - sch.lambda(from)
	if !stochastic {
		return move{x: noise / noiseBefore, picture: -picture * math.Expm1(-h)}
	}
	fresh := -math.Expm1(-2 * h) // part of the variance
	return move{x: noise / noiseBefore * math.Exp(-h), picture: picture * fresh, noise: noise * math.Sqrt(fresh)}
}
