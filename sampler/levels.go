package sampler

import "math"

// trainLevels returns the noise level of each training step, relative to a picture of variance 1. It rounds where torch does, β to
// float32 and every partial product of a product in float64, but for its inexact square root.
func (c Diffusion) trainLevels() []float32 {
	var betas []float32
	if c.BetaSchedule == "linear" {
		betas = linspace(float32(c.BetaStart), float32(c.BetaEnd), c.TrainSteps)
	} else {
		betas = linspace(float32(math.Sqrt(c.BetaStart)), float32(math.Sqrt(c.BetaEnd)), c.TrainSteps)
		for i, root := range betas {
			betas[i] = root * root
		}
	}
	if c.ZeroSNR {
		betas = rescaled(betas)
	}
	levels := make([]float32, c.TrainSteps)
	for i, k := range products(betas) {
		levels[i] = float32(math.Sqrt(float64((1 - k) / k)))
	}
	if last := len(levels) - 1; c.ZeroSNR && c.class().snr == finite {
		const k = 1.0 / (1 << 24) // of the picture is left, so that the level is no infinity
		levels[last] = float32(math.Sqrt(float64(float32(1-k) / k)))
	}
	return levels
}

// products returns which part of the variance is the picture's after each training step.
func products(betas []float32) []float32 {
	kept, all := 1.0, make([]float32, len(betas))
	for i, beta := range betas {
		kept *= float64(1 - beta)
		all[i] = float32(kept)
	}
	return all
}

// rescaled returns betas that leave nothing of the picture after the last step (Lin et al., Algorithm 1).
func rescaled(betas []float32) []float32 {
	roots := products(betas)
	for i, k := range roots {
		roots[i] = float32(math.Sqrt(float64(k)))
	}
	first, last := roots[0], roots[len(roots)-1]
	out, before := make([]float32, len(betas)), float32(1)
	for i, root := range roots {
		root = (root - last) * (first / (first - last))
		square := root * root
		out[i] = 1 - square/before
		before = square
	}
	return out
}

// linspace returns n equally spaced numbers. Like torch it counts from the nearer end, in steps rounded to float32, and
// rounds each number once, as fused multiply-add does.
func linspace(first, last float32, n int) []float32 {
	values := make([]float32, n)
	step := float64((last - first) / float32(max(n-1, 1)))
	for i := range values {
		if i < n/2 || n == 1 {
			values[i] = float32(float64(first) + step*float64(i))
		} else {
			values[i] = float32(float64(last) - step*float64(n-1-i))
		}
	}
	return values
}
