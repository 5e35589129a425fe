package sampler

import "math"

// UniPC predicts the next latent, and corrects it when the network has seen it (Zhao et al., Algorithm 1): diffusers'
// UniPCMultistepScheduler of second order, B(h) = e^h - 1. It keeps the corrected latent and the pictures of three steps.
type UniPC struct{ once }

// Kept returns 4.
func (UniPC) Kept() int { return 4 }

// Step corrects the latent of step i, then predicts the one that follows.
func (u UniPC) Step(r *Run, i int) {
	corrected, now, before := r.Kept[3], r.Kept[i%3], r.Kept[(i+2)%3]
	r.predict(now, r.X, i, 0)
	r.toPicture(now, i)
	if i > 0 {
		u.correct(r, i)
	}
	r.Copy(corrected, r.X)
	m := solve(r.Schedule, r.Sigmas[i], r.Sigmas[i+1], false)
	if u.order(r.Schedule, i) == 1 {
		r.mix(r.X, m.x, r.X, m.picture, now)
		return
	}
	slope := m.picture / 2 / u.ratio(r.Schedule, i, i+1)
	r.mix(r.X, m.x, r.X, m.picture-slope, now)
	r.mix(r.X, 1, r.X, slope, before)
}

// correct moves anew from step i-1 to the level of step i, with the picture that is now known there.
func (u UniPC) correct(r *Run, i int) {
	corrected, now, before, earlier := r.Kept[3], r.Kept[i%3], r.Kept[(i+2)%3], r.Kept[(i+1)%3]
	m := solve(r.Schedule, r.Sigmas[i-1], r.Sigmas[i], false)
	ofEarlier, ofNow := 0.0, 0.5
	if u.order(r.Schedule, i-1) == 2 {
		ofEarlier, ofNow = u.weights(r.Schedule, i-1)
		ofEarlier /= u.ratio(r.Schedule, i-1, i)
	}
	r.mix(r.X, m.x, corrected, m.picture*ofNow, now)
	r.mix(r.X, 1, r.X, m.picture*(1-ofNow-ofEarlier), before)
	if ofEarlier != 0 {
		r.mix(r.X, 1, r.X, m.picture*ofEarlier, earlier)
	}
}

// order returns the order of the prediction of step i.
func (UniPC) order(sch *Schedule, i int) int { return min(2, i+1, len(sch.Timesteps)-i) }

// ratio returns how far the step before step i goes back, in terms of the move from step i to step j.
func (UniPC) ratio(sch *Schedule, i, j int) float64 {
	lambda := sch.lambda(sch.Sigmas[i])
	return (sch.lambda(sch.Sigmas[i-1]) - lambda) / (sch.lambda(sch.Sigmas[j]) - lambda)
}

// weights returns those of the differences to the picture before step i and to the one after it: the solution of R·ρ = b in the
// paper.
func (u UniPC) weights(sch *Schedule, i int) (before, after float64) {
	h := sch.lambda(sch.Sigmas[i]) - sch.lambda(sch.Sigmas[i+1]) // negative
	base, ratio := math.Expm1(h), u.ratio(sch, i, i+1)
	phi := base/h - 1
	b1, b2 := phi/base, 2*(phi/h-0.5)/base
	before = (b2 - b1) / (ratio - 1)
	return before, b1 - before
}

// Clean returns the picture of step i.
func (UniPC) Clean(r *Run, i int) Tensor { return r.Kept[i%3] }
