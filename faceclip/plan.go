package faceclip

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Plan says what a request would take. Bytes are of memory, not of disk. What photos take is not counted: the caller's
// pixels, and while the face is looked for about two bytes for each of them.
type Plan struct {
	Stages  []StagePlan // Encoding, Denoising, Decoding
	Private int64       // bytes that only this process holds, at the peak
	Mapped  int64       // bytes of mapped weights, all stages together
	FLOPs   int64       // of matrix products, convolutions and attention, all steps together
}

// A StagePlan is the part of a stage. Where not all mapped weights fit beside the private bytes, some stay in memory for the
// whole stage; the others are read from disk each time they are used, unless the system has cached them.
type StagePlan struct {
	Stage    Stage
	Private  int64 // bytes, weights of all stages included
	Mapped   int64 // bytes of mapped files that the stage reads
	Resident int64 // bytes of mapped weights that stay in memory
	Streamed int64 // bytes of mapped weights that are read by each step; when encoding, by both prompts together
	FLOPs    int64

	arena     int
	residency residency
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
	var plan Plan
	for stage, cost := range []stageCost{Encoding: p.encodingCost(j), Denoising: denoising, Decoding: p.decodingCost(j)} {
		part := p.stagePlan(Stage(stage), cost)
		plan.Stages = append(plan.Stages, part)
		plan.Private = max(plan.Private, part.Private)
		plan.Mapped += part.Mapped
		plan.FLOPs += part.FLOPs
	}
	return plan, nil
}

// stagePlan returns the plan of a stage that takes so much.
func (p *Pipeline) stagePlan(stage Stage, cost stageCost) StagePlan {
	plan := StagePlan{Stage: stage, Private: int64(p.backend.Scratch() + cost.Peak), FLOPs: cost.FLOPs, arena: cost.Peak}
	for _, c := range p.folder.parts {
		plan.Private += c.private
	}
	if cost.uses == nil { // the stage is left out
		return plan
	}
	c := p.net.components()[stage]
	plan.residency = residencyOf(c.sizes, p.limit-plan.Private)
	plan.Mapped, plan.Resident, plan.Streamed = c.mapped, plan.residency.bytes, plan.residency.read(cost.uses)
	return plan
}

// A stageCost is what a stage takes: a step of it, for denoising.
type stageCost struct {
	backend.Cost
	uses []int // of each block of weights
}

// measure returns what f, a stage's operations, takes.
func (p *Pipeline) measure(stage Stage, f func(*backend.Stream)) stageCost {
	uses := make([]int, len(p.net.components()[stage].blocks))
	cost := backend.Measure(tensor.F32, func(s *backend.Stream) {
		s.OnBlock = func(block int) { uses[block]++ }
		f(s)
	})
	return stageCost{cost, uses}
}

// afford returns a *backend.MemoryError if the private bytes exceed the limit.
func (p *Pipeline) afford(private int64) error {
	if private > p.limit {
		return &backend.MemoryError{Need: private, Have: p.limit}
	}
	return nil
}

// encodingCost is that of both prompts, or of nothing where a Condition is given.
func (p *Pipeline) encodingCost(j *job) stageCost {
	if j.Condition != nil {
		return stageCost{}
	}
	var faces [][]float32 // of any pixels
	for range j.images {
		faces = append(faces, black(p.net.faceSize()))
	}
	return p.measure(Encoding, func(s *backend.Stream) {
		mark := s.Mark()
		if j.guided() {
			p.net.encode(s, nil, j.negative, nil)
			s.Release(mark)
		}
		p.net.encode(s, nil, j.Prompt, faces)
	})
}

// denoisingCost is that of one step, with the memory of a preview where one may be asked for.
func (p *Pipeline) denoisingCost(j *job) (stageCost, error) {
	var err error
	step := p.measure(Denoising, func(s *backend.Stream) { err = p.dryStep(s, j, false) })
	if j.Progress != nil {
		both := p.measure(Denoising, func(s *backend.Stream) { err = p.dryStep(s, j, true) })
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
	x, d := s.New(run.shape()...), s.New(run.shape()...)
	mark := s.Mark()
	s.Copy(d, run.derivative(s, nil, x, 0))
	sampler.Euler(s, x, d, 1, 0)
	s.Release(mark)
	if preview {
		s.New(run.shape()...) // the clean latent
		h, w, channels := p.net.latent(j)
		rows, cols := shrunk(h, w, previewSide)
		p.net.decode(s, nil, s.New(1, rows, cols, channels))
	}
	return nil
}

func (p *Pipeline) decodingCost(j *job) stageCost {
	h, w, c := p.net.latent(j)
	return p.measure(Decoding, func(s *backend.Stream) { p.net.decode(s, nil, s.New(1, h, w, c)) })
}
