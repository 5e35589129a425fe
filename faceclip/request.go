package faceclip

import (
	"errors"
	"fmt"
	"image"
	"math"
)

const (
	maxSteps = 1000
	maxSide  = 1 << 16
)

// A job is a request with all defaults filled in and checked.
type job struct {
	*Request
	width, height, steps int
	guidance             float32
	negative             string
	names                []string      // of the fields that have the images
	images               []image.Image // the face or the photos; none: text only
	faces                [][]float32   // what the network sees of them
}

// guided reports whether the negative prompt is used.
func (j *job) guided() bool { return j.guidance > 1 }

// resolve fills in the defaults and reports the first field that is impossible.
func (p *Pipeline) resolve(r *Request) (*job, error) {
	if r == nil {
		return nil, errors.New("faceclip: Request is nil")
	}
	d := p.net.defaults()
	j := &job{Request: r, width: r.Width, height: r.Height, steps: r.Steps, guidance: r.Guidance, negative: d.negative}
	for _, f := range []struct {
		value     *int
		otherwise int
	}{{&j.width, defaultWidth}, {&j.height, defaultHeight}, {&j.steps, defaultSteps}} {
		if *f.value == 0 {
			*f.value = f.otherwise
		}
	}
	if j.guidance == 0 {
		j.guidance = d.guidance
	}
	if r.Negative != nil {
		j.negative = *r.Negative
	}
	j.names, j.images = r.pictures()
	return j, j.check(p, d.multiple)
}

// Resolve returns r with the defaults of the pipeline filled in, or the error that Generate would return for it.
func (p *Pipeline) Resolve(r *Request) (*Request, error) {
	j, err := p.resolve(r)
	if err != nil {
		return nil, err
	}
	resolved := *r
	resolved.Width, resolved.Height, resolved.Steps, resolved.Guidance = j.width, j.height, j.steps, j.guidance
	if r.Condition == nil {
		resolved.Negative = &j.negative
	}
	return &resolved, nil
}

func (j *job) check(p *Pipeline, multiple int) error {
	for _, f := range []struct {
		name  string
		value int
	}{{"Width", j.width}, {"Height", j.height}} {
		switch {
		case f.value < 0 || f.value > maxSide:
			return fmt.Errorf("faceclip: Request.%s %d is not between %d and %d", f.name, f.value, multiple, maxSide)
		case f.value%multiple != 0:
			return fmt.Errorf("faceclip: Request.%s %d is not a multiple of %d", f.name, f.value, multiple)
		}
	}
	switch g := float64(j.guidance); {
	case j.steps < 1 || j.steps > maxSteps:
		return fmt.Errorf("faceclip: Request.Steps %d is not between 1 and %d", j.steps, maxSteps)
	case math.IsNaN(g) || math.IsInf(g, 0):
		return fmt.Errorf("faceclip: Request.Guidance %v is not a finite number", g)
	}
	return j.checkSubject(p)
}

// checkSubject checks what is to be drawn.
func (j *job) checkSubject(p *Pipeline) error {
	if c := j.Condition; c != nil {
		switch {
		case len(j.images) > 0 || j.Prompt != "" || j.Negative != nil:
			return errors.New("faceclip: Request.Condition excludes Request.Face, Photo, Photos, Prompt and Negative")
		case c.owner != p:
			return errors.New("faceclip: Request.Condition is of another pipeline")
		}
	}
	return j.checkPerson()
}

// unlimited is the memory of a machine that does not say how much it has.
const unlimited = math.MaxInt64
