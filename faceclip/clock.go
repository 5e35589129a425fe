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

// work returns how often steps from first to last ask the denoiser, once for each condition.
func (c *clock) work(first, last int) (forwards float64) {
	for i := first; i < last; i++ {
		calls := float64(c.job.sampler.Calls(&c.job.schedule, i))
		if c.job.guides(i) {
			calls *= 2
		}
		forwards += calls
	}
	return forwards
}

// remaining takes the time of the steps so far as the speed of all that follows. The first step counts only while it is
// alone: it is slower where weights come from disk.
func (c *clock) remaining(pr Progress, now time.Time) time.Duration {
	if pr.Step == 0 || pr.Stage == Done {
		return 0
	}
	denoising, decoding := c.plan.Stages[Denoising], c.plan.Stages[Decoding]
	forward := now.Sub(c.stepped).Seconds() / c.work(0, 1)
	if pr.Step > 1 {
		forward = now.Sub(c.second).Seconds() / c.work(1, pr.Step)
	}
	left := c.work(pr.Step, c.job.Steps) + float64(decoding.FLOPs)/float64(denoising.FLOPs)*c.work(0, c.job.Steps)
	return time.Duration(left * forward * float64(time.Second))
}

// A counter reports the progress of Encode, whose steps are the prompts.
type counter struct {
	job       *job
	began     time.Time
	done, all int
}

func startCounter(j *job) *counter {
	c := &counter{job: j, began: time.Now(), all: 1}
	if j.guided() {
		c.all = 2
	}
	return c
}

// step reports that one more prompt is encoded.
func (c *counter) step() {
	c.done++
	c.report(Encoding)
}

// report reports that a stage begins or goes on. It takes the prompts that follow to last as long as those before.
func (c *counter) report(stage Stage) {
	if c.job.Progress == nil {
		return
	}
	if stage == Done {
		c.done = c.all
	}
	pr := Progress{Stage: stage, Step: c.done, Steps: c.all, Elapsed: time.Since(c.began)}
	if c.done > 0 {
		pr.Remaining = pr.Elapsed / time.Duration(c.done) * time.Duration(c.all-c.done)
	}
	c.job.Progress(pr)
}
