package faceclip

import (
	"math"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/sampler"
)

// TestRemaining checks the time left against what would be left if all went on at the speed of the latest steps.
func TestRemaining(t *testing.T) {
	const steps = 20
	plan := Plan{Stages: []StagePlan{{}, {Stage: Denoising, FLOPs: steps * 100}, {Stage: Decoding, FLOPs: 50}}} // half a step
	ago := func(seconds float64) time.Time { return time.Now().Add(-time.Duration(seconds * float64(time.Second))) }
	for _, c := range []struct {
		step                       int
		firstTook, secondsSinceOne float64
		want                       float64
	}{
		{1, 30, 0, 19.5 * 30}, // nothing better is known
		{2, 30, 10, 18.5 * 10},
		{5, 30, 40, 15.5 * 10},
		{20, 30, 190, 0.5 * 10},
	} {
		c1 := &clock{
			job: &job{Request: Request{Steps: steps}, sampler: sampler.Euler{}}, plan: plan,
			stepped: ago(c.firstTook + c.secondsSinceOne), second: ago(c.secondsSinceOne),
		}
		got := c1.remaining(Progress{Stage: Denoising, Step: c.step}, time.Now()).Seconds()
		if math.Abs(got-c.want) > 0.05*c.want {
			t.Errorf("after step %d: %.1f s left, want %.1f s", c.step, got, c.want)
		}
	}
}
