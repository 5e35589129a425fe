package sampler

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

// sdxl is the scheduler_config.json of SDXL base 1.0, but for what we ignore.
const sdxl = `{"_class_name":"EulerDiscreteScheduler","beta_end":0.012,"beta_schedule":"scaled_linear","beta_start":0.00085,
"interpolation_type":"linear","num_train_timesteps":1000,"prediction_type":"epsilon","steps_offset":1,
"timestep_spacing":"leading","trained_betas":null,"use_karras_sigmas":false,"clip_sample":false}`

// tolerance is two units in the last place of a float32. Torch leaves square roots to a library that is sometimes wrong in
// the last bit, in another place on another processor; Euler.InitScale has two of them, one after the other.
const tolerance = 2.0 / (1 << 23)

func config(t *testing.T, text string) ScaledLinear {
	t.Helper()
	var c ScaledLinear
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
			Config    ScaledLinear
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
				g := append(got.Sigmas, Euler{}.InitScale(&got))[i]
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
	if got, want := (Euler{}).InitScale(&s), float32(13.158468246459961); relative(got, want) > 1e-6 {
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
		{"_class_name", `"DDIMScheduler"`, `_class_name: "DDIMScheduler" is not implemented, expected "EulerDiscreteScheduler"`},
		{"beta_schedule", `"linear"`, "beta_schedule"},
		{"prediction_type", `"v_prediction"`, "prediction_type"},
		{"interpolation_type", `"log_linear"`, "interpolation_type"},
		{"timestep_spacing", `"trailing"`, "timestep_spacing"},
		{"timestep_type", `"continuous"`, "timestep_type"},
		{"final_sigmas_type", `"sigma_min"`, "final_sigmas_type"},
		{"trained_betas", `[0.1]`, "trained_betas is not implemented"},
		{"use_karras_sigmas", `true`, "use_karras_sigmas"},
		{"use_exponential_sigmas", `true`, "use_exponential_sigmas"},
		{"use_beta_sigmas", `true`, "use_beta_sigmas"},
		{"rescale_betas_zero_snr", `true`, "rescale_betas_zero_snr"},
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

// TestDefaults leaves fields out: those whose default in diffusers we do not implement must be there.
func TestDefaults(t *testing.T) {
	if err := config(t, sdxl).Validate(); err != nil {
		t.Error(err)
	}
	if err := config(t, `{"beta_schedule":"scaled_linear","timestep_spacing":"leading"}`).Validate(); err != nil {
		t.Error(err)
	}
	for text, field := range map[string]string{
		`{"beta_schedule":"scaled_linear"}`: "timestep_spacing",
		`{"timestep_spacing":"leading"}`:    "beta_schedule",
		`{}`:                                "beta_schedule",
	} {
		if err := config(t, text).Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: got %v, want an error about %s", text, err, field)
		}
	}
}
