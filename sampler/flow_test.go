package sampler

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// flow is the scheduler_config.json of FLUX.1-dev.
const flow = `{"_class_name":"FlowMatchEulerDiscreteScheduler","base_image_seq_len":256,"base_shift":0.5,
"max_image_seq_len":4096,"max_shift":1.15,"num_train_timesteps":1000,"shift":3.0,"use_dynamic_shifting":true}`

func flowConfig(t *testing.T, text string) FlowMatch {
	t.Helper()
	var c FlowMatch
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFlowSchedule has the numbers that diffusers gives, among others for the default request. They are written by
// tools/goldens/values.py.
func TestFlowSchedule(t *testing.T) {
	var cases struct {
		Flow []struct {
			Steps, Tokens int
			Sigmas, Times []float32
		}
	}
	text, err := os.ReadFile("testdata/flow.json")
	if err == nil {
		err = json.Unmarshal(text, &cases)
	}
	if err != nil || len(cases.Flow) == 0 {
		t.Fatal(err)
	}
	for _, c := range cases.Flow {
		s, err := flowConfig(t, flow).Schedule(c.Steps, c.Tokens)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.Sigmas {
			if relative(s.Sigmas[i], want) > tolerance {
				t.Errorf("%d steps: sigma %d: got %v, want %v", c.Steps, i, s.Sigmas[i], want)
			}
		}
		if !slices.Equal(s.Timesteps, c.Times) {
			t.Errorf("timesteps %v, want %v", s.Timesteps, c.Times)
		}
	}
}

func TestFlowScheduleEverySteps(t *testing.T) {
	c := flowConfig(t, flow)
	for _, tokens := range []int{1, 12, 256, 4096, 1 << 14} {
		for _, steps := range []int{1, 2, 3, 50, 1000} {
			s, err := c.Schedule(steps, tokens)
			if err != nil || len(s.Timesteps) != steps || len(s.Sigmas) != steps+1 || s.Sigmas[0] != 1 || s.Sigmas[steps] != 0 {
				t.Fatalf("%d steps: %+v, %v", steps, s, err)
			}
			for i, sigma := range s.Sigmas[1:] {
				if !(sigma < s.Sigmas[i]) {
					t.Fatalf("%d steps of %d tokens: sigma %d does not fall", steps, tokens, i+1)
				}
			}
		}
	}
	for _, bad := range [][2]int{{0, 1}, {-1, 1}, {1, 0}, {1, math.MinInt}, {1, 1 << 24}} {
		if _, err := c.Schedule(bad[0], bad[1]); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}

func TestFlowValidate(t *testing.T) {
	if err := flowConfig(t, flow).Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ field, value string }{
		{"_class_name", `"EulerDiscreteScheduler"`},
		{"num_train_timesteps", `0`},
		{"shift", `0`},
		{"shift", `1e300`},
		{"time_shift_type", `"linear"`},
		{"shift_terminal", `0.1`},
		{"base_image_seq_len", `0`},
		{"max_image_seq_len", `256`},
		{"max_shift", `1000`},
		{"base_shift", `-1000`},
		{"invert_sigmas", `true`},
		{"stochastic_sampling", `true`},
	} {
		bad := flowConfig(t, strings.TrimSuffix(flow, "}")+`,"`+c.field+`":`+c.value+`}`)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s %s: got %v", c.field, c.value, err)
		}
		if _, err := bad.Schedule(1, 1); err == nil {
			t.Errorf("%s %s: got a schedule", c.field, c.value)
		}
	}
	if err := flowConfig(t, `{}`).Validate(); err != nil {
		t.Errorf("defaults of diffusers: %v", err)
	}
}
