package sampler

import (
	"fmt"
	"math"
	"slices"
)

// predictions are what prediction_type can be.
var predictions = map[string]Prediction{"epsilon": Noise, "v_prediction": Velocity, "sample": Picture}

// maxTrainSteps bounds the table of noise levels. Every known model has 1000.
const maxTrainSteps = 100_000

// A choice is a field and whether its value is one that is implemented.
type choice struct {
	field string
	value any
	fine  bool
}

// check returns an error that names the first field whose value is not implemented.
func check(choices ...choice) error {
	for _, c := range choices {
		if !c.fine {
			value := fmt.Sprintf("%v", c.value)
			if text, ok := c.value.(string); ok {
				value = fmt.Sprintf("%q", text)
			}
			return fmt.Errorf("sampler: %s: %s is not implemented", c.field, value)
		}
	}
	return nil
}

// Validate returns an error that names the first field whose value is impossible or not implemented.
func (c Diffusion) Validate() error {
	known := find(func(k class) bool { return k.name == c.Class })
	if known == nil {
		return fmt.Errorf("sampler: _class_name: %q is not one of %s", c.Class, names(func(k class) string { return k.name }))
	}
	k := c.class()
	if k == nil {
		return check(choice{"algorithm_type", c.AlgorithmType, false})
	}
	_, predicts := predictions[c.PredictionType]
	err := check(
		choice{"beta_schedule", c.BetaSchedule, c.BetaSchedule == "scaled_linear" || c.BetaSchedule == "linear"},
		choice{"trained_betas", c.TrainedBetas, len(c.TrainedBetas) == 0},
		choice{"prediction_type", c.PredictionType, predicts},
		choice{"timestep_spacing", c.TimestepSpacing, slices.Contains(visits, c.TimestepSpacing)},
		choice{"rescale_betas_zero_snr", c.ZeroSNR, !c.ZeroSNR || k.snr != unknown},
		choice{"prediction_type", c.PredictionType, !(c.ZeroSNR && k.snr == infinite && c.PredictionType == "epsilon")},
		choice{"final_sigmas_type", c.FinalSigmasType, c.FinalSigmasType == "zero" || c.FinalSigmasType == "sigma_min"})
	if err == nil {
		err = c.validateSpacing(k)
	}
	if err == nil {
		err = c.validateClass()
	}
	if err == nil {
		err = c.validateNumbers()
	}
	return err
}

// validateSpacing checks how levels are spaced: in one way at most, and one that the class has.
func (c Diffusion) validateSpacing(k *class) error {
	free := true
	for _, s := range []struct {
		field, name string
		set         bool
	}{
		{"use_karras_sigmas", Karras, c.KarrasSigmas}, {"use_exponential_sigmas", Exponential, c.ExponentialSigmas},
		{"use_beta_sigmas", Beta, c.BetaSigmas},
	} {
		switch {
		case s.set && !slices.Contains(k.schedules, s.name):
			return fmt.Errorf("sampler: %s is not implemented by %s", s.field, c.Class)
		case s.set && !free:
			return fmt.Errorf("sampler: %s excludes the other spacings of noise levels", s.field)
		}
		free = free && !s.set
	}
	return nil
}

// validateClass checks fields that only some classes have.
func (c Diffusion) validateClass() error {
	clips := choice{"clip_sample", c.ClipSample, !c.ClipSample}
	thresholds := choice{"thresholding", c.Thresholding, !c.Thresholding}
	solver := []choice{
		thresholds,
		{"solver_order", c.SolverOrder, c.SolverOrder == 2},
		{"use_flow_sigmas", c.FlowSigmas, !c.FlowSigmas},
	}
	switch c.Class {
	case "EulerDiscreteScheduler":
		bound := c.spacing() != ""
		return check(
			choice{"interpolation_type", c.InterpolationType, c.InterpolationType == "linear"},
			choice{"timestep_type", c.TimestepType, c.TimestepType == "discrete"},
			choice{"sigma_min", c.SigmaMin, !bound || c.SigmaMin == nil},
			choice{"sigma_max", c.SigmaMax, !bound || c.SigmaMax == nil})
	case "EulerAncestralDiscreteScheduler":
		return check(choice{"prediction_type", c.PredictionType, c.PredictionType != "sample"})
	case "HeunDiscreteScheduler":
		return check(clips)
	case multistep, singlestep:
		lambda := c.LambdaMinClipped == nil || c.LambdaMinClipped == "-Infinity"
		learned := c.VarianceType == "learned" || c.VarianceType == "learned_range"
		return check(append(solver,
			choice{"solver_type", c.SolverType, slices.Contains([]string{"midpoint", "logrho", "bh1", "bh2"}, c.SolverType)},
			choice{"use_lu_lambdas", c.LuLambdas, !c.LuLambdas},
			choice{"lambda_min_clipped", c.LambdaMinClipped, lambda},
			choice{"variance_type", c.VarianceType, !learned},
			choice{"final_sigmas_type", c.FinalSigmasType, c.FinalSigmasType == "zero" || c.Class == multistep})...)
	case "UniPCMultistepScheduler":
		return check(append(solver,
			choice{"solver_type", c.SolverType, slices.Contains([]string{"bh2", "midpoint", "heun", "logrho"}, c.SolverType)},
			choice{"predict_x0", c.PredictX0, c.PredictX0},
			choice{"lower_order_final", c.LowerOrderFinal, c.LowerOrderFinal},
			choice{"disable_corrector", c.DisableCorrector, len(c.DisableCorrector) == 0},
			choice{"solver_p", c.SolverP, c.SolverP == nil},
			choice{"final_sigmas_type", c.FinalSigmasType, c.FinalSigmasType == "zero" || c.spacing() == ""})...)
	case "DDIMScheduler", "LCMScheduler":
		return check(clips, thresholds)
	}
	return nil
}

func (c Diffusion) validateNumbers() error {
	switch {
	case c.TrainSteps < 1 || c.TrainSteps > maxTrainSteps:
		return fmt.Errorf("sampler: num_train_timesteps: %d, expected 1 to %d", c.TrainSteps, maxTrainSteps)
	case !(c.BetaStart > 0 && c.BetaStart < 1):
		return fmt.Errorf("sampler: beta_start: %v, expected a number between 0 and 1", c.BetaStart)
	case !(c.BetaEnd >= c.BetaStart && c.BetaEnd < 1):
		return fmt.Errorf("sampler: beta_end: %v, expected a number between beta_start and 1", c.BetaEnd)
	case c.StepsOffset < 0 || c.StepsOffset > c.TrainSteps:
		return fmt.Errorf("sampler: steps_offset: %d, expected 0 to num_train_timesteps", c.StepsOffset)
	case c.OriginalSteps < 1 || c.OriginalSteps > c.TrainSteps:
		return fmt.Errorf("sampler: original_inference_steps: %d, expected 1 to num_train_timesteps", c.OriginalSteps)
	case !(c.TimestepScaling > 0) || math.IsInf(c.TimestepScaling, 0):
		return fmt.Errorf("sampler: timestep_scaling: %v, expected a positive number", c.TimestepScaling)
	}
	return nil
}

// checkSteps reports a number of steps that the schedule does not have.
func (c Diffusion) checkSteps(steps int) error {
	most, least, k := c.TrainSteps, 1, c.class()
	if k.ends {
		most--
	}
	if len(k.schedules) == 0 {
		most = c.OriginalSteps
	}
	if c.spacing() != "" || c.TimestepSpacing == Linspace && !k.ends && len(k.schedules) > 0 {
		least = 2 // there are two ends to stand between
	}
	if steps < least || steps > most {
		return fmt.Errorf("sampler: steps: %d, expected %d to %d", steps, least, most)
	}
	return nil
}
