package faceclip

import "time"

// A clock reports the progress of a job with the time it took and an estimate of what remains.
type clock struct {
	job     *job
	plan    Plan
	began   time.Time
	stepped time.Time // the first step began
}

func startClock(j *job, plan Plan) *clock {
	return &clock{job: j, plan: plan, began: time.Now()}
}

// report completes pr and passes it on.
func (c *clock) report(pr Progress) {
	now := time.Now()
	if pr.Stage == Denoising && pr.Step == 0 {
		c.stepped = now
	}
	if c.job.Progress == nil {
		return
	}
	pr.Steps = c.job.steps
	pr.Elapsed = now.Sub(c.began)
	pr.Remaining = c.remaining(pr, now)
	c.job.Progress(pr)
}

// remaining takes the time of the steps so far as the speed of all that follows.
func (c *clock) remaining(pr Progress, now time.Time) time.Duration {
	if pr.Step == 0 || pr.Stage == Done {
		return 0
	}
	steps, decoding := c.plan.Stages[Denoising].FLOPs, c.plan.Stages[Decoding].FLOPs
	done := float64(steps) / float64(c.job.steps) * float64(pr.Step)
	if pr.Stage == Decoding {
		// The call comes right after the last step.
		return time.Duration(float64(decoding) / done * float64(now.Sub(c.stepped)))
	}
	return time.Duration((float64(steps+decoding) - done) / done * float64(now.Sub(c.stepped)))
}
