package sampler

// Euler is the method of that name: diffusers' EulerDiscreteScheduler and FlowMatchEulerDiscreteScheduler. Where variance is
// preserved it is DDIM. It keeps the network's output.
type Euler struct{ once }

// Kept returns 1.
func (Euler) Kept() int { return 1 }

// Step moves the latent as its picture and its noise are seen.
func (Euler) Step(r *Run, i int) {
	output := r.Kept[0]
	r.predict(output, r.X, i, 0)
	ofX, ofOutput := r.moved(r.Sigmas[i], r.aim(i))
	r.mix(r.X, ofX, r.X, ofOutput, output)
}

// Clean returns the picture that was seen, from where the latent is now.
func (Euler) Clean(r *Run, i int) Tensor {
	if r.aim(i) == 0 {
		return r.X
	}
	moved, ofMoved := r.moved(r.Sigmas[i], r.aim(i))
	ofX, ofOutput := r.picture(r.Sigmas[i])
	ofX /= moved
	return r.mix(Tensor{}, ofX, r.X, ofOutput-ofX*ofMoved, r.Kept[0])
}
