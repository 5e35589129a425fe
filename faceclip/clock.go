package faceclip

import "time"

// A clock reports the progress of a job with the time it took and an estimate of what remains.
type clock struct {
	job     *job
	plan    Plan
	began   time.Time
	stepped time.Time // the first step began
	second  time.Time // and the second one
}

func startClock(j *job, plan Plan) *clock {
	return &clock{job: j, plan: plan, began: time.Now()}
}

// report completes pr and passes it on.
func (c *clock) report(pr Progress) {
	now := time.Now()
	switch {
	case pr.Stage == Denoising && pr.Step == 0:
		c.stepped = now
	case pr.Stage == Denoising && pr.Step == 1:
		c.second = now
	}
	if c.job.Progress == nil {
		return
	}
	pr.Steps = c.job.Steps
	pr.Elapsed = now.Sub(c.began)
	pr.Remaining = c.remaining(pr, now)
	c.job.Progress(pr)
}

// remaining takes the time of the steps so far as the speed of all that follows. The first step counts only while it is
// alone: it is slower where weights come from disk.
func (c *clock) remaining(pr Progress, now time.Time) time.Duration {
	if pr.Step == 0 || pr.Stage == Done {
		return 0
	}
	denoising, decoding := c.plan.Stages[Denoising], c.plan.Stages[Decoding]
	step := now.Sub(c.stepped).Seconds()
	if pr.Step > 1 {
		step = now.Sub(c.second).Seconds() / float64(pr.Step-1)
	}
	left := float64(c.job.Steps-pr.Step) + float64(decoding.FLOPs)/float64(denoising.FLOPs)*float64(c.job.Steps)
	return time.Duration(left * step * float64(time.Second))
}
