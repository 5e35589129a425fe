package sampler

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// sdxl is the scheduler_config.json of SDXL base 1.0, but for what we ignore.
const sdxl = `{"_class_name":"EulerDiscreteScheduler","beta_end":0.012,"beta_schedule":"scaled_linear","beta_start":0.00085,
"interpolation_type":"linear","num_train_timesteps":1000,"prediction_type":"epsilon","steps_offset":1,
"timestep_spacing":"leading","trained_betas":null,"use_karras_sigmas":false,"clip_sample":false}`

// tolerance is two units in the last place of a float32. Torch leaves square roots to a library that is sometimes wrong in
// the last bit, in another place on another processor; InitScale has two of them, one after the other.
const tolerance = 2.0 / (1 << 23)

func config(t *testing.T, text string) Diffusion {
	t.Helper()
	var c Diffusion
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func relative(got, want float32) float64 {
	if got == want {
		return 0
	}
	return math.Abs(float64(got-want)) / math.Abs(float64(want))
}

func TestScheduleOfDiffusers(t *testing.T) {
	var golden struct {
		Cases []struct {
			Config    Diffusion
			Schedules []struct {
				Steps             int
				Timesteps, Sigmas []float32
				Init              float32
			}
		}
	}
	load(t, "euler.json", &golden)
	different, total, worst := 0, 0, 0.0
	for _, c := range golden.Cases {
		for _, want := range c.Schedules {
			got, err := c.Config.Schedule(want.Steps)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Timesteps, want.Timesteps) || len(got.Sigmas) != len(want.Sigmas) {
				t.Errorf("%d steps: timesteps differ", want.Steps)
				continue
			}
			for i, w := range append(want.Sigmas, want.Init) {
				g := append(got.Sigmas, got.InitScale)[i]
				if total++; g != w {
					different++
				}
				worst = max(worst, relative(g, w))
			}
		}
	}
	t.Logf("%d of %d numbers differ, by at most %.2g", different, total, worst)
	if worst > tolerance {
		t.Errorf("numbers differ by %.2g, at most %.2g is expected", worst, tolerance)
	}
}

// TestScheduleSDXL has the numbers of the default request, as the reference pipeline prints them.
func TestScheduleSDXL(t *testing.T) {
	s, err := config(t, sdxl).Schedule(50)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Timesteps[:3], []float32{981, 961, 941}; !slices.Equal(got, want) || s.Timesteps[49] != 1 {
		t.Errorf("timesteps %v … %v", got, s.Timesteps[49])
	}
	for i, want := range map[int]float32{
		0: 13.1204147, 1: 11.6760502, 10: 4.6916728, 25: 1.51921749, 35: 0.77892375, 48: 0.141463667, 49: 0.041314479, 50: 0,
	} {
		if relative(s.Sigmas[i], want) > 1e-6 {
			t.Errorf("sigma %d: got %v, want %v", i, s.Sigmas[i], want)
		}
	}
	if got, want := s.InitScale, float32(13.158468246459961); relative(got, want) > 1e-6 {
		t.Errorf("InitScale = %v, want %v", got, want)
	}
}

func TestScheduleEverySteps(t *testing.T) {
	c := config(t, sdxl)
	for steps := range c.TrainSteps {
		s, err := c.Schedule(steps + 1)
		if err != nil || len(s.Timesteps) != steps+1 || len(s.Sigmas) != steps+2 {
			t.Fatalf("%d steps: %d timesteps, %d sigmas, %v", steps+1, len(s.Timesteps), len(s.Sigmas), err)
		}
		// With an offset of 1 both 1000 and 999 are the last training step.
		for i, sigma := range s.Sigmas[1:] {
			if sigma > s.Sigmas[i] || sigma == s.Sigmas[i] && s.Timesteps[i] != 1000 {
				t.Fatalf("%d steps: sigma %d does not fall", steps+1, i+1)
			}
		}
	}
	for _, steps := range []int{-1, 0, 1001, math.MaxInt} {
		if _, err := c.Schedule(steps); err == nil || !strings.Contains(err.Error(), "sampler: steps: ") {
			t.Errorf("%d steps: got %v", steps, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct{ field, value, want string }{
		{"_class_name", `"PNDMScheduler"`, `_class_name: "PNDMScheduler" is not one of EulerDiscreteScheduler, `},
		{"beta_schedule", `"squaredcos_cap_v2"`, "beta_schedule"},
		{"prediction_type", `"flow_prediction"`, `prediction_type: "flow_prediction" is not implemented`},
		{"interpolation_type", `"log_linear"`, "interpolation_type"},
		{"timestep_spacing", `"lagging"`, "timestep_spacing"},
		{"timestep_type", `"continuous"`, "timestep_type"},
		{"final_sigmas_type", `"sigma_max"`, "final_sigmas_type"},
		{"trained_betas", `[0.1]`, "trained_betas: [0.1] is not implemented"},
		{"num_train_timesteps", `0`, "num_train_timesteps: 0, expected 1 to"},
		{"num_train_timesteps", `1000000000`, "num_train_timesteps"},
		{"beta_start", `0`, "beta_start: 0, expected"},
		{"beta_start", `2`, "beta_start"},
		{"beta_end", `0.0001`, "beta_end"},
		{"beta_end", `1`, "beta_end"},
		{"steps_offset", `-1`, "steps_offset"},
		{"steps_offset", `1001`, "steps_offset"},
	} {
		bad := config(t, strings.TrimSuffix(sdxl, "}")+`,"`+c.field+`":`+c.value+`}`)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), "sampler: "+c.want) {
			t.Errorf("%s %s: got %v, want %s", c.field, c.value, err, c.want)
		}
		if _, err := bad.Schedule(1); err == nil {
			t.Errorf("%s %s: got a schedule", c.field, c.value)
		}
	}
}

// TestDefaults leaves fields out: they have the defaults of diffusers.
func TestDefaults(t *testing.T) {
	for _, text := range []string{sdxl, `{"timestep_spacing":"leading"}`, `{}`, `{"_class_name":"LCMScheduler"}`} {
		if err := config(t, text).Validate(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := config(t, `{"_class_name":"DDIMScheduler"}`).Validate(); err == nil || !strings.Contains(err.Error(), "clip_sample") {
		t.Errorf("DDIM clips by default: got %v", err)
	}
}

// TestClasses has fields and values that only some classes refuse.
func TestClasses(t *testing.T) {
	for _, c := range []struct{ class, field, value string }{
		{"EulerAncestralDiscreteScheduler", "use_karras_sigmas", "true"},
		{"EulerAncestralDiscreteScheduler", "prediction_type", `"sample"`},
		{"HeunDiscreteScheduler", "rescale_betas_zero_snr", "true"},
		{"HeunDiscreteScheduler", "clip_sample", "true"},
		{"DPMSolverMultistepScheduler", "algorithm_type", `"dpmsolver"`},
		{"DPMSolverMultistepScheduler", "solver_order", "3"},
		{"DPMSolverMultistepScheduler", "solver_type", `"heun"`},
		{"DPMSolverMultistepScheduler", "use_lu_lambdas", "true"},
		{"DPMSolverMultistepScheduler", "use_flow_sigmas", "true"},
		{"DPMSolverMultistepScheduler", "lambda_min_clipped", "-5.1"},
		{"DPMSolverMultistepScheduler", "variance_type", `"learned_range"`},
		{"DPMSolverMultistepScheduler", "thresholding", "true"},
		{"DPMSolverSinglestepScheduler", "rescale_betas_zero_snr", "true"},
		{"DPMSolverSinglestepScheduler", "final_sigmas_type", `"sigma_min"`},
		{"UniPCMultistepScheduler", "solver_type", `"bh1"`},
		{"UniPCMultistepScheduler", "disable_corrector", "[0]"},
		{"UniPCMultistepScheduler", "predict_x0", "false"},
		{"UniPCMultistepScheduler", "solver_p", `{"_class_name":"DPMSolverMultistepScheduler"}`},
		{"DDIMScheduler", "rescale_betas_zero_snr", "true"}, // of a network that predicts noise
		{"DDIMScheduler", "use_beta_sigmas", "true"},
		{"LCMScheduler", "clip_sample", "true"},
		{"LCMScheduler", "original_inference_steps", "0"},
		{"TCDScheduler", "use_exponential_sigmas", "true"},
	} {
		text := strings.Replace(sdxl, "EulerDiscreteScheduler", c.class, 1)
		if err := config(t, text).Validate(); err != nil {
			t.Errorf("%s: %v", c.class, err)
		}
		bad := config(t, strings.TrimSuffix(text, "}")+`,"`+c.field+`":`+c.value+`}`)
		want := c.field
		if c.field == "rescale_betas_zero_snr" && c.class == "DDIMScheduler" {
			want = "prediction_type"
		}
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, %s %s: got %v", c.class, c.field, c.value, err)
		}
	}
	own := config(t, strings.Replace(sdxl, `"EulerDiscreteScheduler"`, `"DPMSolverMultistepScheduler","algorithm_type":"sde-dpmsolver++"`, 1))
	if own.Name() != "dpm++2m-sde" {
		t.Errorf("the file's sampler is %s", own.Name())
	}
}

// TestCombinations has samplers and schedules that diffusers does not have, or not in so many steps.
func TestCombinations(t *testing.T) {
	for _, c := range []struct {
		sampler, schedule string
		steps             int
		want              string
	}{
		{"Euler", "", 5, `"Euler" is not one of euler, `},
		{"euler", "cosine", 5, `"cosine" is not one that euler has: leading, `},
		{"euler", "dynamic", 5, "dynamic"},
		{"euler-ancestral", "karras", 5, "euler-ancestral has: leading, trailing, linspace"},
		{"ddim", "beta", 5, "ddim has"},
		{"dpm++sde", "leading", 5, "dpm++sde has: linspace, "},
		{"lcm", "trailing", 5, "lcm has its own"},
		{"euler", "karras", 1, "steps: 1, expected 2 to 1000"},
		{"dpm++2m", "exponential", 1, "steps: 1, expected 2 to 999"},
		{"unipc", "beta", 1, "steps: 1"},
		{"heun", "linspace", 1, "steps: 1, expected 2 to 1000"},
		{"dpm++2m", "", 1000, "steps: 1000, expected 1 to 999"},
		{"lcm", "", 51, "steps: 51, expected 1 to 50"},
		{"tcd", "", 0, "steps: 0, expected 1 to 50"},
	} {
		d, err := config(t, sdxl).As(c.sampler)
		if err == nil {
			d, err = d.Spaced(c.schedule)
		}
		if err == nil {
			_, err = d.Schedule(c.steps)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

// TestEverySteps has schedules of all lengths: what a sampler computes of them is finite.
func TestEverySteps(t *testing.T) {
	for _, k := range classes {
		for _, schedule := range append([]string{""}, k.schedules...) {
			d, err := config(t, sdxl).As(k.sampler)
			if err == nil {
				d, err = d.Spaced(schedule)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, steps := range []int{1, 2, 3, 15, 50} {
				sch, err := d.Schedule(steps)
				if err != nil {
					continue // TestCombinations has the limits
				}
				if len(sch.Timesteps) != steps || len(sch.Sigmas) != steps+1 {
					t.Fatalf("%s %s: %d steps: %+v", k.sampler, schedule, steps, sch)
				}
				for i, latent := range runAll(t, &sch, d.Sampler(steps), 1, 16) {
					if !tensor.Finite(latent) {
						t.Fatalf("%s %s: %d steps: after step %d: %v", k.sampler, schedule, steps, i, latent)
					}
				}
			}
		}
	}
}
