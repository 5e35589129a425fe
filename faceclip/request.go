package faceclip

import (
	"cmp"
	"context"
	"image"
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/sampler"
)

const (
	defaultWidth  = 864
	defaultHeight = 1152
	defaultSteps  = 50

	maxSteps  = 1000
	maxSide   = 1 << 16
	maxPrompt = 64 << 10 // bytes
)

// A job is a request whose defaults are filled in, checked, with all that comes of it before anything is computed.
type job struct {
	Request
	schedule           sampler.Schedule
	sampler            sampler.Sampler
	embeds             bool // the denoiser is told the scale of guidance, and needs no negative prompt
	apart              bool // conditions are predicted one after another, in less memory
	positive, negative tokens
	names              []string      // of the fields that have the images
	images             []image.Image // the face or the photos; none: text only
	faces              [][]float32   // what the network sees of them, each [3, size, size]
}

// tokens are a prompt as the text encoders of a system read it.
type tokens struct {
	clip, t5 []int32
	replaced []int // where the face takes the place of a token of clip
}

// guided reports whether the negative prompt is used, in any step.
func (j *job) guided() bool {
	for i := range j.Steps {
		if j.guides(i) {
			return true
		}
	}
	return false
}

// guides reports whether step i is guided by the negative prompt.
func (j *job) guides(i int) bool {
	middle := (float64(i) + 0.5) / float64(j.Steps)
	return j.Guidance.Scale > 1 && !j.embeds && float64(j.Guidance.From) <= middle && middle < float64(j.Guidance.Until)
}

// latents returns the rows and columns of the latent image.
func (j *job) latents() (h, w int) { return j.Height / latentFactor, j.Width / latentFactor }

// resolve fills in the defaults and reports the first field that is impossible. It does not look at images.
func (p *Pipeline) resolve(ctx context.Context, r *Request) (*job, error) {
	if p.closed.Load() {
		return nil, ErrClosed
	}
	if r == nil {
		return nil, wrong("", "is nil")
	}
	j := &job{Request: *r, embeds: p.system.embedsGuidance}
	for _, f := range []struct {
		value     *int
		otherwise int
	}{{&j.Width, defaultWidth}, {&j.Height, defaultHeight}, {&j.Steps, defaultSteps}} {
		if *f.value == 0 {
			*f.value = f.otherwise
		}
	}
	if j.Guidance.Scale == 0 {
		j.Guidance.Scale = p.system.scale
	}
	if j.Guidance.Until == 0 {
		j.Guidance.Until = 1
	}
	if j.Noise == "" {
		j.Noise = string(sampler.Torches[0])
	}
	j.names, j.images = r.pictures()
	if err := j.check(p); err != nil {
		return nil, err
	}
	if j.Condition == nil {
		if j.Guidance.Negative == nil {
			negative := p.system.negative
			j.Guidance.Negative = &negative
		}
		j.positive = p.system.tokenize(ctx, j.Prompt, len(j.images) > 0)
		j.negative = p.system.tokenize(ctx, *j.Guidance.Negative, false)
	}
	return j, ctx.Err()
}

// resolveDrawing is resolve for what is to be drawn, too: it adds the sampler and the schedule.
func (p *Pipeline) resolveDrawing(ctx context.Context, r *Request) (*job, error) {
	j, err := p.resolve(ctx, r)
	if err != nil {
		return nil, err
	}
	return j, p.system.schedule(j)
}

// prepare does all for a drawing that comes before the call takes its turn.
func (p *Pipeline) prepare(ctx context.Context, r *Request) (*job, Plan, error) {
	j, err := p.resolveDrawing(ctx, r)
	if err != nil {
		return nil, Plan{}, err
	}
	plan, err := p.plan(ctx, j)
	if err = cmp.Or(err, p.afford(plan.Private, plan.Device)); err != nil {
		return nil, plan, err
	}
	return j, plan, p.lookAt(ctx, j)
}

// Resolve is [Pipeline.ResolveContext] without an end.
func (p *Pipeline) Resolve(r *Request) (*Request, error) {
	return p.ResolveContext(context.Background(), r)
}

// ResolveContext returns r with the defaults of the pipeline filled in, or the error that Generate would return for it. Like
// Generate it looks for the face in photos.
func (p *Pipeline) ResolveContext(ctx context.Context, r *Request) (*Request, error) {
	resolved, _, err := p.CheckContext(ctx, r)
	return resolved, err
}

// Check is [Pipeline.CheckContext] without an end.
func (p *Pipeline) Check(r *Request) (*Request, Plan, error) {
	return p.CheckContext(context.Background(), r)
}

// CheckContext does all that Generate does before it takes its turn, which is what a server has to know of a request before it
// accepts it: it returns r with the defaults of the pipeline filled in, and what it would take; or the error that Generate would
// return, such as a *RequestError or, where the limit of memory is too low, a *backend.MemoryError. It looks for the face in photos.
func (p *Pipeline) CheckContext(ctx context.Context, r *Request) (*Request, Plan, error) {
	j, plan, err := p.prepare(ctx, r)
	if err != nil {
		return nil, Plan{}, wrap(ctx, err)
	}
	return &j.Request, plan, nil
}

func (j *job) check(p *Pipeline) error {
	multiple := p.system.layout.multiple()
	for _, f := range []struct {
		name  string
		value int
	}{{"Width", j.Width}, {"Height", j.Height}} {
		switch {
		case f.value < 0 || f.value > maxSide:
			return wrong(f.name, "%d is not between %d and %d", f.value, multiple, maxSide)
		case f.value%multiple != 0:
			return wrong(f.name, "%d is not a multiple of %d", f.value, multiple)
		}
	}
	if j.Steps < 1 || j.Steps > maxSteps {
		return wrong("Steps", "%d is not between 1 and %d", j.Steps, maxSteps)
	}
	if err := j.Guidance.check(); err != nil {
		return err
	}
	if !slices.Contains(sampler.Torches, sampler.Torch(j.Noise)) {
		return wrong("Noise", "%q is not one of %v", j.Noise, sampler.Torches)
	}
	if len(j.Prompt) > maxPrompt {
		return wrong("Prompt", "has %d bytes, at most %d are possible", len(j.Prompt), maxPrompt)
	}
	if n := j.Guidance.Negative; n != nil && len(*n) > maxPrompt {
		return wrong("Guidance.Negative", "has %d bytes, at most %d are possible", len(*n), maxPrompt)
	}
	if c := j.Condition; c != nil {
		switch {
		case len(j.images) > 0 || j.Prompt != "" || j.Guidance.Negative != nil:
			return wrong("Condition", "excludes Face, Faces, Photo, Photos, Prompt and Guidance.Negative")
		case c.owner != p:
			return wrong("Condition", "is of another pipeline")
		case c.negative == (embedding{}) && j.guided():
			return wrong("Condition", "has no negative prompt, which this guidance takes: Encode was told of guidance that takes none")
		}
	}
	return j.checkPerson()
}

// check reports the first number that is impossible.
func (g Guidance) check() error {
	if scale := float64(g.Scale); math.IsNaN(scale) || math.IsInf(scale, 0) {
		return wrong("Guidance.Scale", "%v is not a finite number", scale)
	}
	for _, f := range []struct {
		name  string
		value float32
	}{{"From", g.From}, {"Until", g.Until}, {"Rescale", g.Rescale}} {
		if !(f.value >= 0 && f.value <= 1) {
			return wrong("Guidance."+f.name, "%v is not between 0 and 1", f.value)
		}
	}
	if g.From >= g.Until {
		return wrong("Guidance.Until", "%v is not after Guidance.From, %v", g.Until, g.From)
	}
	return nil
}
