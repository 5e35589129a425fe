package sampler

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A FlowMatch describes the noise levels of a network trained by flow matching, whose latent is a straight mix of picture
// and noise. It is the scheduler_config.json of diffusers' FlowMatchEulerDiscreteScheduler: fields that a file leaves out
// get the defaults of diffusers 0.33.1. Only the choices of FLUX.1-dev are implemented; see Validate.
type FlowMatch struct {
	Class           string   `json:"_class_name"`
	TrainSteps      int      `json:"num_train_timesteps"`
	DynamicShifting bool     `json:"use_dynamic_shifting"`
	BaseShift       float64  `json:"base_shift"` // of pictures of BaseTokens
	MaxShift        float64  `json:"max_shift"`  // of pictures of MaxTokens
	BaseTokens      int      `json:"base_image_seq_len"`
	MaxTokens       int      `json:"max_image_seq_len"`
	TimeShiftType   string   `json:"time_shift_type"`
	ShiftTerminal   *float64 `json:"shift_terminal"`
	InvertSigmas    bool     `json:"invert_sigmas"`
	KarrasSigmas    bool     `json:"use_karras_sigmas"`
	Exponential     bool     `json:"use_exponential_sigmas"`
	BetaSigmas      bool     `json:"use_beta_sigmas"`
	Stochastic      bool     `json:"stochastic_sampling"`
}

// UnmarshalJSON decodes a scheduler_config.json.
func (c *FlowMatch) UnmarshalJSON(text []byte) error {
	type fields FlowMatch // without this method
	f := fields{
		Class: "FlowMatchEulerDiscreteScheduler", TrainSteps: flowSteps, BaseShift: 0.5, MaxShift: 1.15,
		BaseTokens: 256, MaxTokens: 4096, TimeShiftType: "exponential",
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	*c = FlowMatch(f)
	return nil
}

// flowSteps is the time of pure noise. The rounding of times is worked out for no other value.
const flowSteps = 1000

// Validate returns an error that names the first field whose value is impossible or not implemented.
func (c FlowMatch) Validate() error {
	switch {
	case c.Class != "FlowMatchEulerDiscreteScheduler":
		return fmt.Errorf("sampler: _class_name: %q is not implemented, expected %q", c.Class, "FlowMatchEulerDiscreteScheduler")
	case c.TrainSteps != flowSteps:
		return fmt.Errorf("sampler: num_train_timesteps: %d, expected %d", c.TrainSteps, flowSteps)
	case !c.DynamicShifting:
		return fmt.Errorf("sampler: use_dynamic_shifting: false is not implemented")
	case c.TimeShiftType != "exponential":
		return fmt.Errorf("sampler: time_shift_type: %q is not implemented, expected %q", c.TimeShiftType, "exponential")
	case c.BaseTokens <= 0 || c.MaxTokens <= c.BaseTokens:
		return fmt.Errorf("sampler: base_image_seq_len %d, max_image_seq_len %d: expected 0 < base < max", c.BaseTokens, c.MaxTokens)
	case math.Abs(c.BaseShift) > maxShift || math.Abs(c.MaxShift) > maxShift:
		return fmt.Errorf("sampler: base_shift %v, max_shift %v: expected at most %v", c.BaseShift, c.MaxShift, maxShift)
	}
	return refuse(
		choice{"shift_terminal", c.ShiftTerminal != nil},
		choice{"invert_sigmas", c.InvertSigmas},
		choice{"use_karras_sigmas", c.KarrasSigmas},
		choice{"use_exponential_sigmas", c.Exponential},
		choice{"use_beta_sigmas", c.BetaSigmas},
		choice{"stochastic_sampling", c.Stochastic})
}

// maxShift keeps exponentials of shifts finite.
const maxShift = 20.0

// Schedule returns the schedule of so many steps for a picture of so many tokens: the larger it is, the longer the noise
// stays. c must be valid.
func (c FlowMatch) Schedule(steps, tokens int) (Schedule, error) {
	if err := c.Validate(); err != nil {
		return Schedule{}, err
	}
	if steps < 1 || tokens < 1 {
		return Schedule{}, fmt.Errorf("sampler: %d steps of %d tokens, expected positive numbers", steps, tokens)
	}
	slope := (c.MaxShift - c.BaseShift) / float64(c.MaxTokens-c.BaseTokens)
	shift := float32(math.Exp(float64(tokens)*slope + (c.BaseShift - slope*float64(c.BaseTokens))))
	if shift == 0 || math.IsInf(float64(shift), 0) {
		return Schedule{}, fmt.Errorf("sampler: %d tokens shift the schedule beyond what float32 can hold", tokens)
	}
	s := Schedule{Timesteps: make([]float32, steps), Sigmas: make([]float32, steps+1), Flow: true}
	step := (1/float64(steps) - 1) / float64(max(1, steps-1))
	for i := range steps {
		even := float32(1 + step*float64(i))
		if i > 0 && i == steps-1 {
			even = float32(1 / float64(steps))
		}
		s.Sigmas[i] = shift / (shift + (1/even - 1))
		s.Timesteps[i] = roundedTime(s.Sigmas[i])
	}
	return s, nil
}

// roundedTime returns the time that the network is told: the reference runs in bfloat16 and rounds the time, its
// thousandth and the thousandfold of that, which changes the picture more than any other rounding.
func roundedTime(sigma float32) float32 {
	t := tensor.RoundBF16(flowSteps * sigma)
	return tensor.RoundBF16(flowSteps * tensor.RoundBF16(t/flowSteps))
}
