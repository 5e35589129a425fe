package sampler

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
)

// TestFieldsTogether has random values of fields, each of which is possible: no combination of them with a sampler, a schedule and a
// number of steps panics, and each step has its level and time.
func TestFieldsTogether(t *testing.T) {
	fields := map[string][]any{
		"num_train_timesteps": {1, 2, 3, 10, 50}, "beta_start": {1e-300, 0.5, 0.999}, "beta_end": {0.9999, 0.5, 0.02},
		"rescale_betas_zero_snr": {true}, "prediction_type": {"v_prediction", "sample"}, "timestep_spacing": {Leading, Trailing},
		"steps_offset": {1, 9}, "use_karras_sigmas": {true}, "use_beta_sigmas": {true}, "final_sigmas_type": {"sigma_min"},
		"original_inference_steps": {1, 2, 50}, "timestep_scaling": {1e-300, 1e300}, "set_alpha_to_one": {false},
		"algorithm_type": {"sde-dpmsolver++"},
	}
	random, valid := rand.New(rand.NewPCG(1, 1)), 0
	for valid < 100 {
		chosen := map[string]any{"_class_name": classes[random.IntN(len(classes))].name, "beta_schedule": "linear", "clip_sample": false}
		for name, values := range fields {
			if random.IntN(3) == 0 {
				chosen[name] = values[random.IntN(len(values))]
			}
		}
		text, err := json.Marshal(chosen)
		if err != nil {
			t.Fatal(err)
		}
		var c Diffusion
		if json.Unmarshal(text, &c) != nil || c.Validate() != nil {
			continue
		}
		valid++
		for _, k := range classes {
			for _, schedule := range append([]string{""}, k.schedules...) {
				walk(t, text, c, k.sampler, schedule, []int{1, 2, 3, 10, 50}[random.IntN(5)])
			}
		}
	}
}

// walk asks for everything of a schedule, if there is one.
func walk(t *testing.T, text []byte, c Diffusion, sampler, schedule string, steps int) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("%s, %s %s in %d steps: %v", text, sampler, schedule, steps, r)
		}
	}()
	c, err := c.As(sampler)
	if err == nil {
		c, err = c.Spaced(schedule)
	}
	if err != nil {
		return
	}
	sch, err := c.Schedule(steps)
	if err != nil {
		return
	}
	s := c.Sampler(steps)
	for i := range steps {
		for call := range s.Calls(&sch, i) {
			sch.at(i, call)
		}
		sch.aim(i)
	}
}
