package sampler

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// times returns the training steps that so many steps visit, the noisiest first. Between two of them levels are interpolated.
func (c Diffusion) times(steps int) []float64 {
	times := make([]float64, steps)
	spans := steps // of the training steps
	if c.class().ends {
		spans++
	}
	for i := range times {
		left := float64(spans - 1 - i) // spans to the end
		switch c.TimestepSpacing {
		case "leading":
			times[i] = left*float64(c.TrainSteps/spans) + float64(c.StepsOffset)
		case "trailing":
			times[i] = math.RoundToEven(float64(c.TrainSteps)-float64(i)*(float64(c.TrainSteps)/float64(steps))) - 1
		case "linspace":
			times[i] = left * (float64(c.TrainSteps-1) / float64(max(1, spans-1)))
			if c.class().whole {
				times[i] = math.RoundToEven(times[i])
			}
		}
	}
	return times
}

// distilled returns the training steps that a distilled network visits in so many steps: some of the few it was distilled for.
func (c Diffusion) distilled(steps int) []float64 {
	times, every := make([]float64, steps), c.TrainSteps/c.OriginalSteps
	for i := range times {
		at := int(float64(i) * (float64(c.OriginalSteps) / float64(steps)))
		times[i] = float64((c.OriginalSteps-at)*every - 1)
	}
	return times
}

// level returns the level at a time between training steps.
func level(levels []float32, time float64) float64 {
	last := len(levels) - 1
	at := min(int(time), last) // an offset may lead past the last training step
	if at == last {
		return float64(levels[last])
	}
	low, high := float64(levels[at]), float64(levels[at+1])
	return (high-low)*(time-float64(at)) + low
}

// timeOf returns the time of a noise level, between those of the training steps around it. It rounds logarithms to float32, as NumPy
// does: times that are cut to whole numbers depend on it.
func timeOf(levels []float32, sigma float64) float64 {
	log := func(x float64) float32 { return float32(math.Log(x)) }
	above, _ := slices.BinarySearchFunc(levels, log(sigma), func(level, sigma float32) int {
		if log(float64(level)) <= sigma {
			return -1
		}
		return 1
	})
	at := min(max(0, above-1), len(levels)-2)
	low, high := log(float64(levels[at])), log(float64(levels[at+1]))
	part := min(1, max(0, (low-log(sigma))/(low-high)))
	return float64(1-part)*float64(at) + float64(part)*float64(at+1)
}

// between returns so many levels from largest to smallest, spaced as is named.
func between(spacing string, largest, smallest float64, steps int) []float64 {
	levels := make([]float64, steps)
	for i := range levels {
		part := float64(i) / float64(steps-1)
		switch spacing {
		case Karras: // Karras et al., equation 5
			const rho = 7
			root := math.Pow(largest, 1./rho)
			levels[i] = math.Pow(root+part*(math.Pow(smallest, 1./rho)-root), rho)
		case Exponential:
			levels[i] = math.Exp(math.Log(largest) + part*(math.Log(smallest)-math.Log(largest)))
		case Beta: // Lee et al.: quantiles of the beta distribution
			const shape = 0.6
			levels[i] = smallest + mathext.InvRegIncBeta(shape, shape, 1-part)*(largest-smallest)
		}
	}
	return levels
}
