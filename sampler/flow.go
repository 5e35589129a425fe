package sampler

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A FlowMatch describes the noise levels of a network trained by flow matching, whose latent is a straight mix of picture
// and noise. It is the scheduler_config.json of diffusers' FlowMatchEulerDiscreteScheduler, of FlowMatchHeunDiscreteScheduler or of
// DPMSolverMultistepScheduler with use_flow_sigmas: fields that a file leaves out get the defaults of diffusers 0.33.1.
type FlowMatch struct {
	Class           string   `json:"_class_name"`
	TrainSteps      int      `json:"num_train_timesteps"`
	Shift           float64  `json:"shift"` // static
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

	FlowSigmas      bool    `json:"use_flow_sigmas"` // of DPMSolverMultistepScheduler, as all below
	FlowShift       float64 `json:"flow_shift"`
	PredictionType  string  `json:"prediction_type"`
	AlgorithmType   string  `json:"algorithm_type"`
	SolverType      string  `json:"solver_type"`
	SolverOrder     int     `json:"solver_order"`
	FinalSigmasType string  `json:"final_sigmas_type"`
	Thresholding    bool    `json:"thresholding"`

	sampler string
}

const (
	flowEuler = "FlowMatchEulerDiscreteScheduler"
	flowHeun  = "FlowMatchHeunDiscreteScheduler"
)

// flowSamplers are those for flow matching, and the classes that choose them.
var flowSamplers = []struct {
	name, class string
	make        Sampler
}{{"euler", flowEuler, Euler{}}, {"heun", flowHeun, Heun{}}, {"dpm++2m", multistep, DPM2M{}}}

// UnmarshalJSON decodes a scheduler_config.json.
func (c *FlowMatch) UnmarshalJSON(text []byte) error {
	type fields FlowMatch // without this method
	f := fields{
		Class: flowEuler, TrainSteps: flowSteps, Shift: 1, BaseShift: 0.5, MaxShift: 1.15,
		BaseTokens: 256, MaxTokens: 4096, TimeShiftType: "exponential",
		FlowShift: 1, PredictionType: "epsilon", AlgorithmType: "dpmsolver++", SolverType: "midpoint", SolverOrder: 2, FinalSigmasType: "zero",
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	*c = FlowMatch(f)
	for _, s := range flowSamplers {
		if s.class == c.Class {
			c.sampler = s.name
		}
	}
	return nil
}

// flowSteps is the time of pure noise. The rounding of times is worked out for no other value.
const flowSteps = 1000

// Validate returns an error that names the first field whose value is impossible or not implemented.
func (c FlowMatch) Validate() error {
	switch {
	case c.sampler == "":
		return fmt.Errorf("sampler: _class_name: %q is not one of %s, %s, %s", c.Class, flowEuler, flowHeun, multistep)
	case c.TrainSteps != flowSteps:
		return fmt.Errorf("sampler: num_train_timesteps: %d, expected %d", c.TrainSteps, flowSteps)
	case c.Class == multistep:
		return check(
			choice{"use_flow_sigmas", c.FlowSigmas, c.FlowSigmas},
			choice{"flow_shift", c.FlowShift, fineShift(c.FlowShift)},
			choice{"prediction_type", c.PredictionType, c.PredictionType == "flow_prediction"},
			choice{"algorithm_type", c.AlgorithmType, c.AlgorithmType == "dpmsolver++"},
			choice{"solver_type", c.SolverType, c.SolverType == "midpoint"},
			choice{"solver_order", c.SolverOrder, c.SolverOrder == 2},
			choice{"final_sigmas_type", c.FinalSigmasType, c.FinalSigmasType == "zero"},
			choice{"thresholding", c.Thresholding, !c.Thresholding},
			choice{"use_karras_sigmas", c.KarrasSigmas, !c.KarrasSigmas},
			choice{"use_exponential_sigmas", c.Exponential, !c.Exponential},
			choice{"use_beta_sigmas", c.BetaSigmas, !c.BetaSigmas})
	case !fineShift(c.Shift):
		return fmt.Errorf("sampler: shift: %v, expected a positive number", c.Shift)
	case c.Class == flowHeun:
		return nil
	case c.TimeShiftType != "exponential":
		return fmt.Errorf("sampler: time_shift_type: %q is not implemented, expected %q", c.TimeShiftType, "exponential")
	case c.BaseTokens <= 0 || c.MaxTokens <= c.BaseTokens:
		return fmt.Errorf("sampler: base_image_seq_len %d, max_image_seq_len %d: expected 0 < base < max", c.BaseTokens, c.MaxTokens)
	case math.Abs(c.BaseShift) > maxShift || math.Abs(c.MaxShift) > maxShift:
		return fmt.Errorf("sampler: base_shift %v, max_shift %v: expected at most %v", c.BaseShift, c.MaxShift, maxShift)
	}
	return check(
		choice{"shift_terminal", c.ShiftTerminal, c.ShiftTerminal == nil},
		choice{"invert_sigmas", c.InvertSigmas, !c.InvertSigmas},
		choice{"stochastic_sampling", c.Stochastic, !c.Stochastic},
		choice{"use_exponential_sigmas", c.Exponential, !(c.Exponential && c.KarrasSigmas)},
		choice{"use_beta_sigmas", c.BetaSigmas, !(c.BetaSigmas && (c.KarrasSigmas || c.Exponential))})
}

// maxShift keeps exponentials of shifts finite.
const maxShift = 20.0

// fineShift reports whether a static shift is a positive number whose logarithm is no shift too large.
func fineShift(shift float64) bool { return shift > 0 && math.Abs(math.Log(shift)) <= maxShift }

// As returns c for the sampler of a name, with the same noise levels; an empty name is the file's own.
func (c FlowMatch) As(sampler string) (FlowMatch, error) {
	var all []string
	for _, s := range flowSamplers {
		if sampler == s.name {
			c.sampler = s.name
		}
		all = append(all, s.name)
	}
	if sampler != "" && !slices.Contains(all, sampler) {
		return c, fmt.Errorf("%q is not one of %s for flow matching", sampler, strings.Join(all, ", "))
	}
	return c, nil
}

// Spaced returns c with the schedule of a name; an empty one is the file's own.
func (c FlowMatch) Spaced(schedule string) (FlowMatch, error) {
	all := slices.Concat([]string{Static, Dynamic}, spacing)
	switch {
	case schedule == "":
		return c, nil
	case c.Class != flowEuler:
		return c, fmt.Errorf("%q: %s has its own", schedule, c.Class)
	case !slices.Contains(all, schedule):
		return c, fmt.Errorf("%q is not one for flow matching: %s", schedule, strings.Join(all, ", "))
	case schedule == Static || schedule == Dynamic:
		c.DynamicShifting = schedule == Dynamic
	}
	c.KarrasSigmas, c.Exponential, c.BetaSigmas = schedule == Karras, schedule == Exponential, schedule == Beta
	return c, c.Validate()
}

// Name returns the name of the sampler.
func (c FlowMatch) Name() string { return c.sampler }

// Sampler returns the sampler.
func (c FlowMatch) Sampler(int) Sampler {
	for _, s := range flowSamplers {
		if s.name == c.sampler {
			return s.make
		}
	}
	panic("sampler: no sampler of the name " + c.sampler) // Validate has seen it
}

// spacing returns how noise levels are spaced between their ends; empty: evenly, before they are shifted.
func (c FlowMatch) spacing() string {
	return Diffusion{KarrasSigmas: c.KarrasSigmas, ExponentialSigmas: c.Exponential, BetaSigmas: c.BetaSigmas}.spacing()
}

// CheckSteps reports a number of steps that the schedule does not have.
func (c FlowMatch) CheckSteps(steps int) error {
	least := 1
	if c.spacing() != "" {
		least = 2 // there are two ends to stand between
	}
	if steps < least {
		return fmt.Errorf("sampler: steps: %d, expected at least %d", steps, least)
	}
	return nil
}

// Schedule returns the schedule of so many steps for a picture of so many tokens: where the shift is dynamic, the larger it is, the
// longer the noise stays. c must be valid.
func (c FlowMatch) Schedule(steps, tokens int) (Schedule, error) {
	if err := c.Validate(); err != nil {
		return Schedule{}, err
	}
	if err := c.CheckSteps(steps); err != nil {
		return Schedule{}, err
	}
	if tokens < 1 {
		return Schedule{}, fmt.Errorf("sampler: %d tokens, expected a positive number", tokens)
	}
	s := Schedule{Mix: Straight, Predicts: Flow, InitScale: 1}
	var err error
	switch c.Class {
	case multistep:
		c.stretched(&s, steps)
	case flowHeun:
		c.twice(&s, steps)
	default:
		err = c.shifted(&s, steps, tokens)
	}
	if err != nil {
		return Schedule{}, err
	}
	if spacing := c.spacing(); spacing != "" {
		for i, sigma := range between(spacing, float64(s.Sigmas[0]), float64(s.Sigmas[steps-1]), steps) {
			s.Sigmas[i] = float32(sigma)
			s.Timesteps[i] = roundedTime(flowSteps * s.Sigmas[i])
		}
	}
	s.Sigmas = append(s.Sigmas, 0)
	return s, nil
}

// shifted has even levels from 1 to 1/steps before they are shifted, as the reference's pipeline asks for.
func (c FlowMatch) shifted(s *Schedule, steps, tokens int) error {
	slope := (c.MaxShift - c.BaseShift) / float64(c.MaxTokens-c.BaseTokens)
	shift := float32(math.Exp(float64(tokens)*slope + (c.BaseShift - slope*float64(c.BaseTokens))))
	if c.DynamicShifting && (shift == 0 || math.IsInf(float64(shift), 0)) {
		return fmt.Errorf("sampler: %d tokens shift the schedule beyond what float32 can hold", tokens)
	}
	step := (1/float64(steps) - 1) / float64(max(1, steps-1))
	for i := range steps {
		even := float32(1 + step*float64(i))
		if i > 0 && i == steps-1 {
			even = float32(1 / float64(steps))
		}
		sigma := shift / (shift + (1/even - 1))
		if !c.DynamicShifting {
			sigma = float32(c.Shift) * even / (1 + float32(c.Shift-1)*even)
		}
		s.add(sigma, flowSteps*sigma)
	}
	return nil
}

// twice has the levels that FlowMatchHeunDiscreteScheduler sets itself, whose ends are shifted twice.
func (c FlowMatch) twice(s *Schedule, steps int) {
	smallest := float64(float32(shiftBy(c.Shift, 1./flowSteps)))
	for i := range steps {
		sigma := float32(shiftBy(c.Shift, 1+float64(i)*(smallest-1)/float64(max(1, steps-1))))
		s.add(sigma, flowSteps*sigma)
	}
}

// stretched has the levels that DPMSolverMultistepScheduler sets itself, whose times are whole numbers.
func (c FlowMatch) stretched(s *Schedule, steps int) {
	for i := range steps {
		sigma := shiftBy(c.FlowShift, float64(steps-i)*(1-1./flowSteps)/float64(steps))
		s.add(float32(sigma), float32(math.Trunc(flowSteps*sigma)))
	}
}

func shiftBy(shift, sigma float64) float64 { return shift * sigma / (1 + (shift-1)*sigma) }

// add appends a step.
func (s *Schedule) add(sigma, time float32) {
	s.Sigmas, s.Timesteps = append(s.Sigmas, sigma), append(s.Timesteps, roundedTime(time))
}

// roundedTime returns the time that the network is told: the reference runs in bfloat16 and rounds the time, its
// thousandth and the thousandfold of that, which changes the picture more than any other rounding.
func roundedTime(time float32) float32 {
	t := tensor.RoundBF16(time)
	return tensor.RoundBF16(flowSteps * tensor.RoundBF16(t/flowSteps))
}
