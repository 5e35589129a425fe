package sampler

import (
	"encoding/json"
	"fmt"
	"math"
)

// A ScaledLinear describes how much noise a network was trained with at each training step, and which of these steps
// sampling visits. It is the scheduler_config.json of diffusers' EulerDiscreteScheduler: fields that a file leaves out
// get the defaults of diffusers 0.33.1. Only the choices of SDXL are implemented; see Validate.
type ScaledLinear struct {
	Class              string    `json:"_class_name"`
	TrainSteps         int       `json:"num_train_timesteps"`
	BetaStart          float64   `json:"beta_start"` // variance of the noise that the first training step adds
	BetaEnd            float64   `json:"beta_end"`   // and the last one
	BetaSchedule       string    `json:"beta_schedule"`
	TrainedBetas       []float64 `json:"trained_betas"`
	PredictionType     string    `json:"prediction_type"`
	InterpolationType  string    `json:"interpolation_type"`
	TimestepSpacing    string    `json:"timestep_spacing"`
	TimestepType       string    `json:"timestep_type"`
	StepsOffset        int       `json:"steps_offset"`
	FinalSigmasType    string    `json:"final_sigmas_type"`
	KarrasSigmas       bool      `json:"use_karras_sigmas"`
	ExponentialSigmas  bool      `json:"use_exponential_sigmas"`
	BetaSigmas         bool      `json:"use_beta_sigmas"`
	RescaleBetasToZero bool      `json:"rescale_betas_zero_snr"`
}

// UnmarshalJSON decodes a scheduler_config.json.
func (c *ScaledLinear) UnmarshalJSON(text []byte) error {
	type fields ScaledLinear // without this method
	f := fields{
		Class:             "EulerDiscreteScheduler",
		TrainSteps:        1000,
		BetaStart:         0.0001,
		BetaEnd:           0.02,
		BetaSchedule:      "linear",
		PredictionType:    "epsilon",
		InterpolationType: "linear",
		TimestepSpacing:   "linspace",
		TimestepType:      "discrete",
		FinalSigmasType:   "zero",
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	*c = ScaledLinear(f)
	return nil
}

// maxTrainSteps bounds the table of noise levels. Every known model has 1000.
const maxTrainSteps = 100_000

// Validate returns an error that names the first field whose value is impossible or not implemented.
func (c ScaledLinear) Validate() error {
	for _, f := range []struct{ name, value, want string }{
		{"_class_name", c.Class, "EulerDiscreteScheduler"},
		{"beta_schedule", c.BetaSchedule, "scaled_linear"},
		{"prediction_type", c.PredictionType, "epsilon"},
		{"interpolation_type", c.InterpolationType, "linear"},
		{"timestep_spacing", c.TimestepSpacing, "leading"},
		{"timestep_type", c.TimestepType, "discrete"},
		{"final_sigmas_type", c.FinalSigmasType, "zero"},
	} {
		if f.value != f.want {
			return fmt.Errorf("sampler: %s: %q is not implemented, expected %q", f.name, f.value, f.want)
		}
	}
	err := refuse(
		choice{"trained_betas", len(c.TrainedBetas) > 0},
		choice{"use_karras_sigmas", c.KarrasSigmas},
		choice{"use_exponential_sigmas", c.ExponentialSigmas},
		choice{"use_beta_sigmas", c.BetaSigmas},
		choice{"rescale_betas_zero_snr", c.RescaleBetasToZero})
	if err != nil {
		return err
	}
	return c.validateNumbers()
}

// A choice is a field that can be set.
type choice struct {
	name string
	set  bool
}

// refuse returns an error that names the first choice that is set: none of them is implemented.
func refuse(choices ...choice) error {
	for _, c := range choices {
		if c.set {
			return fmt.Errorf("sampler: %s is not implemented", c.name)
		}
	}
	return nil
}

func (c ScaledLinear) validateNumbers() error {
	if c.TrainSteps < 1 || c.TrainSteps > maxTrainSteps {
		return fmt.Errorf("sampler: num_train_timesteps: %d, expected 1 to %d", c.TrainSteps, maxTrainSteps)
	}
	if !(c.BetaStart > 0 && c.BetaStart < 1) {
		return fmt.Errorf("sampler: beta_start: %v, expected a number between 0 and 1", c.BetaStart)
	}
	if !(c.BetaEnd >= c.BetaStart && c.BetaEnd < 1) {
		return fmt.Errorf("sampler: beta_end: %v, expected a number between beta_start and 1", c.BetaEnd)
	}
	if c.StepsOffset < 0 || c.StepsOffset > c.TrainSteps {
		return fmt.Errorf("sampler: steps_offset: %d, expected 0 to num_train_timesteps", c.StepsOffset)
	}
	return nil
}

// Schedule returns the schedule of so many steps. c must be valid.
func (c ScaledLinear) Schedule(steps int) (Schedule, error) {
	if err := c.Validate(); err != nil {
		return Schedule{}, err
	}
	if steps < 1 || steps > c.TrainSteps {
		return Schedule{}, fmt.Errorf("sampler: steps: %d, expected 1 to %d", steps, c.TrainSteps)
	}
	levels := c.trainSigmas()
	spacing := c.TrainSteps / steps
	s := Schedule{Timesteps: make([]float32, steps), Sigmas: make([]float32, steps+1)}
	for i := range steps {
		t := (steps-1-i)*spacing + c.StepsOffset
		s.Timesteps[i] = float32(t)
		s.Sigmas[i] = levels[min(t, len(levels)-1)] // the offset may lead past the last training step
	}
	return s, nil
}

// trainSigmas returns the noise level of each training step, relative to a picture of variance 1. It rounds where
// torch does, β to float32 and every partial product of a product in float64, but for its inexact square root.
func (c ScaledLinear) trainSigmas() []float32 {
	sigmas := make([]float32, c.TrainSteps)
	kept := 1.0 // the variance of the picture that is left
	for i, root := range linspace(float32(math.Sqrt(c.BetaStart)), float32(math.Sqrt(c.BetaEnd)), c.TrainSteps) {
		beta := float32(root * root)
		kept *= float64(1 - beta)
		k := float32(kept)
		sigmas[i] = float32(math.Sqrt(float64((1 - k) / k)))
	}
	return sigmas
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
