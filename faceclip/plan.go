package faceclip

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Plan says what a request would take. Bytes are of memory, not of disk.
type Plan struct {
	Stages  []StagePlan // Encoding, Denoising, Decoding
	Private int64       // bytes that only this process holds, at the peak
	Mapped  int64       // bytes of mapped weights, all stages together
	FLOPs   int64       // of matrix products, convolutions and attention, all steps together
}

// A StagePlan is the part of a stage.
type StagePlan struct {
	Stage   Stage
	Private int64 // bytes, weights of all stages included
	Mapped  int64 // bytes of mapped weights that the stage reads
	FLOPs   int64
}

// Plan returns what r would take. It runs nothing.
func (p *Pipeline) Plan(r *Request) (Plan, error) {
	j, err := p.resolve(r)
	if err != nil {
		return Plan{}, err
	}
	if p.closed.Load() {
		return Plan{}, ErrClosed
	}
	return p.plan(j)
}

func (p *Pipeline) plan(j *job) (Plan, error) {
	denoising, err := p.denoisingCost(j)
	if err != nil {
		return Plan{}, err
	}
	denoising.FLOPs *= int64(j.steps)
	fixed := int64(p.backend.Scratch())
	for _, c := range p.folder.parts {
		fixed += c.resident()
	}
	var plan Plan
	for stage, cost := range []backend.Cost{Encoding: p.encodingCost(j), Denoising: denoising, Decoding: p.decodingCost(j)} {
		part := StagePlan{Stage: Stage(stage), Private: fixed + int64(cost.Peak), FLOPs: cost.FLOPs}
		for _, c := range p.net.components()[stage] {
			part.Mapped += c.mapped()
		}
		plan.Stages = append(plan.Stages, part)
		plan.Private = max(plan.Private, part.Private)
		plan.Mapped += part.Mapped
		plan.FLOPs += part.FLOPs
	}
	return plan, nil
}

// afford returns a *backend.MemoryError if the private bytes exceed the limit.
func (p *Pipeline) afford(private int64) error {
	if private > p.limit {
		return &backend.MemoryError{Need: private, Have: p.limit}
	}
	return nil
}

// encodingCost is that of both prompts, or of nothing where a Condition is given.
func (p *Pipeline) encodingCost(j *job) backend.Cost {
	if j.Condition != nil {
		return backend.Cost{}
	}
	return backend.Measure(tensor.F32, func(s *backend.Stream) {
		mark := s.Mark()
		if j.guided() {
			p.net.encode(s, nil, j.negative, nil)
			s.Release(mark)
		}
		p.net.encode(s, nil, j.Prompt, j.Face)
	})
}

// denoisingCost is that of one step, with the memory of a preview where one may be asked for.
func (p *Pipeline) denoisingCost(j *job) (backend.Cost, error) {
	var err error
	step := backend.Measure(tensor.F32, func(s *backend.Stream) { err = p.dryStep(s, j, false) })
	if j.Progress != nil {
		both := backend.Measure(tensor.F32, func(s *backend.Stream) { err = p.dryStep(s, j, true) })
		step.Peak = both.Peak
	}
	return step, err
}

// dryStep does what denoise does for one step, and a preview if asked to.
func (p *Pipeline) dryStep(s *backend.Stream, j *job, preview bool) error {
	var e embedding
	backend.Measure(tensor.F32, func(s *backend.Stream) { e = p.net.encode(s, nil, "", nil) })
	c := &Condition{negative: e, positive: e}
	run, err := p.net.denoiser(s, nil, j, c.conditions(j))
	if err != nil {
		return err
	}
	h, w, channels := p.net.latent(j)
	x, d := s.New(1, h, w, channels), s.New(1, h, w, channels)
	mark := s.Mark()
	s.Copy(d, run.derivative(s, nil, x, 0))
	sampler.Euler(s, x, d, 1, 0)
	s.Release(mark)
	if preview {
		s.New(1, h, w, channels) // the clean latent
		rows, cols := shrunk(h, w, previewSide)
		p.net.decode(s, nil, s.New(1, rows, cols, channels))
	}
	return nil
}

func (p *Pipeline) decodingCost(j *job) backend.Cost {
	h, w, c := p.net.latent(j)
	return backend.Measure(tensor.F32, func(s *backend.Stream) { p.net.decode(s, nil, s.New(1, h, w, c)) })
}
