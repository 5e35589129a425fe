package sampler

// Heun is the method of that name, of second order: diffusers' HeunDiscreteScheduler and FlowMatchHeunDiscreteScheduler. All steps
// but the last ask the network twice. It keeps the derivative.
type Heun struct{}

// Kept returns 1.
func (Heun) Kept() int { return 1 }

// Calls returns 2 or, of the step to noise level 0, 1.
func (Heun) Calls(sch *Schedule, i int) int {
	if sch.Sigmas[i+1] == 0 {
		return 1
	}
	return 2
}

// Step moves the latent along the mean of the derivatives at both ends.
func (h Heun) Step(r *Run, i int) {
	d, step := r.Kept[0], float64(r.Sigmas[i+1])-float64(r.Sigmas[i])
	h.differentiate(r, d, r.X, i, 0)
	if h.Calls(r.Schedule, i) == 2 {
		defer r.Release(r.Mark())
		there, x := r.NewOf(r.X.DType(), r.X.Shape()...), r.mix(Tensor{}, 1, r.X, step, d)
		h.differentiate(r, there, x, i, 1)
		r.mix(d, 0.5, d, 0.5, there)
	}
	r.mix(r.X, 1, r.X, step, d)
}

// differentiate stores in d the change of the latent x with the noise level.
func (Heun) differentiate(r *Run, d, x Tensor, i, call int) {
	r.predict(d, x, i, call)
	if ofX, ofOutput := r.derivative(r.Sigmas[i+call]); ofX != 0 || ofOutput != 1 {
		r.mix(d, ofX, x, ofOutput, d)
	}
}

// Clean moves the latent along the last derivative to noise level 0.
func (Heun) Clean(r *Run, i int) Tensor {
	return r.mix(Tensor{}, 1, r.X, -float64(r.Sigmas[i+1]), r.Kept[0])
}
