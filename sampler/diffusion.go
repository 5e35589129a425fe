package sampler

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Diffusion describes how much noise a network was trained with at each training step, what it predicts, and how sampling goes. It
// is the scheduler_config.json of a scheduler of diffusers for networks that remove added noise: fields that a file leaves out
// get the defaults that its class has in diffusers 0.33.1.
type Diffusion struct {
	Class             string    `json:"_class_name"`
	TrainSteps        int       `json:"num_train_timesteps"`
	BetaStart         float64   `json:"beta_start"` // variance of the noise that the first training step adds
	BetaEnd           float64   `json:"beta_end"`   // and the last one
	BetaSchedule      string    `json:"beta_schedule"`
	TrainedBetas      []float64 `json:"trained_betas"`
	ZeroSNR           bool      `json:"rescale_betas_zero_snr"` // the last leaves nothing of the picture
	PredictionType    string    `json:"prediction_type"`
	TimestepSpacing   string    `json:"timestep_spacing"`
	StepsOffset       int       `json:"steps_offset"`
	KarrasSigmas      bool      `json:"use_karras_sigmas"`
	ExponentialSigmas bool      `json:"use_exponential_sigmas"`
	BetaSigmas        bool      `json:"use_beta_sigmas"`
	FinalSigmasType   string    `json:"final_sigmas_type"`

	InterpolationType string   `json:"interpolation_type"` // of EulerDiscreteScheduler, as the next three
	TimestepType      string   `json:"timestep_type"`
	SigmaMin          *float64 `json:"sigma_min"`
	SigmaMax          *float64 `json:"sigma_max"`

	SetAlphaToOne bool `json:"set_alpha_to_one"` // of DDIMScheduler: the last step ends at noise level 0
	ClipSample    bool `json:"clip_sample"`
	Thresholding  bool `json:"thresholding"`

	SolverOrder      int    `json:"solver_order"` // of DPMSolver and UniPC, as all below
	AlgorithmType    string `json:"algorithm_type"`
	SolverType       string `json:"solver_type"`
	LowerOrderFinal  bool   `json:"lower_order_final"`
	EulerAtFinal     bool   `json:"euler_at_final"`
	LuLambdas        bool   `json:"use_lu_lambdas"`
	FlowSigmas       bool   `json:"use_flow_sigmas"`
	LambdaMinClipped any    `json:"lambda_min_clipped"`
	VarianceType     any    `json:"variance_type"`
	PredictX0        bool   `json:"predict_x0"`
	DisableCorrector []int  `json:"disable_corrector"`
	SolverP          any    `json:"solver_p"`

	OriginalSteps   int     `json:"original_inference_steps"` // those that LCM and TCD are distilled for
	TimestepScaling float64 `json:"timestep_scaling"`

	text []byte // of the file
}

// UnmarshalJSON decodes a scheduler_config.json.
func (c *Diffusion) UnmarshalJSON(text []byte) error {
	named := struct {
		Class string `json:"_class_name"`
	}{"EulerDiscreteScheduler"}
	if err := json.Unmarshal(text, &named); err != nil {
		return err
	}
	k := find(func(k class) bool { return k.name == named.Class })
	if k == nil { // Validate says so
		*c = Diffusion{Class: named.Class}
		return nil
	}
	return c.read(text, k)
}

// read decodes text with the defaults of a class, which it is made.
func (c *Diffusion) read(text []byte, k *class) error {
	type fields Diffusion // without methods
	f := fields{
		TrainSteps: 1000, BetaStart: 0.0001, BetaEnd: 0.02, BetaSchedule: "linear", PredictionType: "epsilon",
		TimestepSpacing: Linspace, FinalSigmasType: "zero", InterpolationType: "linear", TimestepType: "discrete", SetAlphaToOne: true,
		SolverOrder: 2, AlgorithmType: "dpmsolver++", SolverType: "midpoint", LowerOrderFinal: true, PredictX0: true,
		OriginalSteps: 50, TimestepScaling: 10,
	}
	if k.defaults != nil {
		k.defaults((*Diffusion)(&f))
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	*c = Diffusion(f)
	c.Class, c.text = k.name, slices.Clone(text)
	if k.name == singlestep { // which has no such fields
		c.TimestepSpacing, c.StepsOffset = Linspace, 0
	}
	return nil
}

// class returns what is peculiar to the class, nil if it is not known.
func (c Diffusion) class() *class {
	return find(func(k class) bool { return k.name == c.Class && (k.algorithm == "" || k.algorithm == c.AlgorithmType) })
}

// As returns c for the sampler of a name, as from_config of its class does: with the fields of the same file, so far as the class has
// them. An empty name is the file's own.
func (c Diffusion) As(sampler string) (Diffusion, error) {
	if sampler == "" || sampler == c.class().sampler {
		return c, nil
	}
	k := find(func(k class) bool { return k.sampler == sampler })
	if k == nil {
		return c, fmt.Errorf("%q is not one of %s", sampler, Samplers())
	}
	if err := c.read(c.text, k); err != nil {
		return c, err
	}
	c.AlgorithmType = cmp.Or(k.algorithm, c.AlgorithmType)
	if !slices.Contains(k.schedules, Karras) {
		c.KarrasSigmas, c.ExponentialSigmas, c.BetaSigmas = false, false, false
	}
	return c, c.Validate()
}

// Spaced returns c with the schedule of a name; an empty one is the file's own.
func (c Diffusion) Spaced(schedule string) (Diffusion, error) {
	k := c.class()
	switch {
	case schedule == "":
		return c, nil
	case len(k.schedules) == 0:
		return c, fmt.Errorf("%q: %s has its own", schedule, k.sampler)
	case !slices.Contains(k.schedules, schedule):
		return c, fmt.Errorf("%q is not one that %s has: %s", schedule, k.sampler, strings.Join(k.schedules, ", "))
	}
	if slices.Contains(visits, schedule) {
		c.TimestepSpacing = schedule
	}
	c.KarrasSigmas, c.ExponentialSigmas, c.BetaSigmas = schedule == Karras, schedule == Exponential, schedule == Beta
	return c, c.Validate()
}

// Name returns the name of the sampler.
func (c Diffusion) Name() string { return c.class().sampler }

// Sampler returns the sampler for so many steps.
func (c Diffusion) Sampler(steps int) Sampler { return c.class().make(c, steps) }

// spacing returns how noise levels are spaced; empty: as the training steps are.
func (c Diffusion) spacing() string {
	switch {
	case c.KarrasSigmas:
		return Karras
	case c.ExponentialSigmas:
		return Exponential
	case c.BetaSigmas:
		return Beta
	}
	return ""
}

// Schedule returns the schedule of so many steps. c must be valid.
func (c Diffusion) Schedule(steps int) (Schedule, error) {
	if err := c.Validate(); err != nil {
		return Schedule{}, err
	}
	if err := c.checkSteps(steps); err != nil {
		return Schedule{}, err
	}
	levels := c.trainLevels()
	s := Schedule{Mix: c.class().mix, Predicts: predictions[c.PredictionType]}
	var times []float64
	switch c.Class {
	case "LCMScheduler", "TCDScheduler":
		times = c.distilled(steps)
	default:
		times = c.times(steps)
	}
	for _, t := range times {
		s.Sigmas = append(s.Sigmas, float32(level(levels, t)))
	}
	if name := c.spacing(); name != "" {
		times = c.space(&s, name, levels)
	}
	for _, t := range times {
		s.Timesteps = append(s.Timesteps, float32(t))
	}
	for i, sigma := range s.Sigmas[1:] {
		if c.class().ends && sigma == s.Sigmas[i] { // these samplers divide by the difference
			return Schedule{}, fmt.Errorf("sampler: steps: %d visit the noise level %v twice", steps, sigma)
		}
	}
	c.end(&s, levels)
	s.InitScale = c.initScale(s)
	return s, nil
}

// space replaces the levels by others between the same ends, or between those of the training steps, and returns their times.
func (c Diffusion) space(s *Schedule, name string, levels []float32) []float64 {
	steps, k := len(s.Sigmas), c.class()
	largest, smallest := s.Sigmas[0], s.Sigmas[steps-1]
	if k.ends {
		largest, smallest = levels[len(levels)-1], levels[0]
	}
	times := make([]float64, steps)
	for i, sigma := range between(name, float64(largest), float64(smallest), steps) {
		s.Sigmas[i], times[i] = float32(sigma), timeOf(levels, sigma)
		switch {
		case k.whole && name == Karras:
			times[i] = math.RoundToEven(times[i])
		case k.whole:
			times[i] = math.Trunc(times[i])
		}
	}
	return times
}

// end appends the last level, and sets what steps head for.
func (c Diffusion) end(s *Schedule, levels []float32) {
	last := float32(0)
	switch c.Class {
	case "EulerDiscreteScheduler", "UniPCMultistepScheduler", multistep: // the others have no such field
		if c.FinalSigmasType == "sigma_min" {
			last = levels[0]
		}
	case "TCDScheduler":
		last = levels[0]
		for i := range s.Timesteps {
			next := float32(0)
			if !s.last(i) {
				next = s.Timesteps[i+1]
			}
			s.Aims = append(s.Aims, levels[int(float32(1-stochasticity)*next)])
		}
	case "DDIMScheduler":
		if !c.SetAlphaToOne {
			last = levels[0]
		}
		for _, t := range s.Timesteps {
			aim := last
			if t := int(t) - c.TrainSteps/len(s.Timesteps); t >= 0 {
				aim = float32(level(levels, float64(t)))
			}
			s.Aims = append(s.Aims, aim)
		}
		last = s.Aims[len(s.Aims)-1]
	}
	s.Sigmas = append(s.Sigmas, last)
}

// initScale returns the standard deviation of the first latent.
func (c Diffusion) initScale(s Schedule) float32 {
	if s.Mix != Added {
		return 1
	}
	largest := slices.Max(s.Sigmas)
	if c.TimestepSpacing != Leading {
		return largest
	}
	return float32(math.Sqrt(float64(float32(largest*largest) + 1)))
}
