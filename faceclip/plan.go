package faceclip

import (
	"context"
	"math"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Plan says what a request would take. Bytes are of memory, not of disk. The program counts as 32 MB; what it holds beside, such
// as the caller's photos and what [Request.Observe] is given, does not count.
type Plan struct {
	Stages  []StagePlan // Encoding, with the search for faces in photos, Denoising, Decoding
	Private int64       // bytes that only this process holds, at the peak
	Device  int64       // bytes of the memory of a device that has its own, at the peak: see [StagePlan]
	Mapped  int64       // bytes of mapped weights, all stages together
	FLOPs   int64       // of matrix products, convolutions and attention, all steps together
}

// A StagePlan is the part of a stage. Where not all mapped weights fit beside the private bytes, some stay in memory for the
// whole stage; the others are read from disk each time they are used, unless the system has cached them. Of a device with memory
// of its own the same is so for its copies of weights. Those of other stages stay there too, as long as there is room.
type StagePlan struct {
	Stage    Stage
	Private  int64 // bytes of the host, weights of all stages included
	Device   int64 // bytes of the device, where it has memory of its own
	Mapped   int64 // bytes of mapped files that the stage reads
	Resident int64 // bytes of mapped weights that stay in memory, or of copies of weights
	Streamed int64 // bytes of those that are read, or copied, by each step; when encoding, by both prompts together
	FLOPs    int64

	// Operations are those that the device is given, and Traffic the bytes that they read and write, of memory or caches: with
	// FLOPs, what says how long a stage takes at least.
	Operations int64
	Traffic    int64

	arena     int
	shared    int64 // bytes of Private that are taken for the call
	residency model.Residency
}

// takes returns the bytes that a call takes for the stage, mapped weights included.
func (s StagePlan) takes() int64 {
	switch {
	case s.Device > 0: // weights of the host are read and given back
		return s.shared
	case s.residency.Streams(): // as far as they go
		return math.MaxInt64
	}
	return backend.Sum(s.shared, s.Resident)
}

// Plan is [Pipeline.PlanContext] without an end.
func (p *Pipeline) Plan(r *Request) (Plan, error) { return p.PlanContext(context.Background(), r) }

// PlanContext returns what r would take. It runs nothing, and does not look at images.
func (p *Pipeline) PlanContext(ctx context.Context, r *Request) (Plan, error) {
	j, err := p.resolveDrawing(ctx, r)
	if err != nil {
		return Plan{}, wrap(ctx, err)
	}
	plan, err := p.plan(ctx, j)
	if err != nil {
		return Plan{}, wrap(ctx, err)
	}
	return plan, nil
}

func (p *Pipeline) plan(ctx context.Context, j *job) (plan Plan, err error) {
	var encoding stageCost
	if j.Condition == nil {
		encoding = p.encodingCost(ctx, j)
	}
	denoising := p.denoisingCost(ctx, j)
	if part := p.stagePlan(Denoising, denoising); j.guided() && p.afford(part.Private, part.Device) != nil {
		j.apart = true
		denoising = p.denoisingCost(ctx, j)
	}
	for stage, cost := range []stageCost{Encoding: encoding, Denoising: denoising, Decoding: p.decodingCost(ctx, j)} {
		part := p.stagePlan(Stage(stage), cost)
		plan.Stages = append(plan.Stages, part)
		plan.Private = max(plan.Private, part.Private)
		plan.Device = max(plan.Device, part.Device)
		plan.Mapped = backend.Sum(plan.Mapped, part.Mapped)
		plan.FLOPs = backend.Sum(plan.FLOPs, part.FLOPs)
	}
	return plan, ctx.Err()
}

// stagePlan returns the plan of a stage that takes so much.
func (p *Pipeline) stagePlan(stage Stage, cost stageCost) StagePlan {
	plan := StagePlan{Stage: stage, FLOPs: cost.flops, Operations: cost.operations, Traffic: cost.traffic, arena: cost.peak}
	plan.shared = cost.host
	if p.holder == nil {
		plan.shared = backend.Sum(plan.shared, int64(cost.peak))
	}
	plan.Private = backend.Sum(p.held(), plan.shared)
	if cost.uses == nil { // the stage is left out
		return plan
	}
	c := p.system.parts[stage]
	if p.holder == nil {
		plan.residency = model.Reside(c.Sizes, p.limit-plan.Private)
	} else {
		own := backend.Sum(int64(p.backend.Scratch()), int64(cost.peak))
		plan.residency = model.Reside(c.CopySizes(p.holder, p.types.Act), p.holder.Limit()-own)
		plan.Device = backend.Sum(own, plan.residency.Peak())
	}
	plan.Mapped, plan.Resident, plan.Streamed = c.Mapped, plan.residency.Bytes, plan.residency.Read(cost.uses)
	return plan
}

// program is what a program holds that does nothing else, in bytes: its code, the tokenizers, and garbage.
const program = 32 << 20

// A stageCost is what a stage takes.
type stageCost struct {
	peak  int   // bytes of arena
	host  int64 // bytes beside it that grow with the request
	flops int64 // of all that is done

	operations, traffic int64 // of all that is done, too

	uses []int // of each block of weights, by a step where there are steps: by the one that takes most
}

// measure adds what f does, so many times, to the cost of a stage: a part of it, once ctx has ended.
func (p *Pipeline) measure(ctx context.Context, c *stageCost, stage Stage, times int, f func(*backend.Stream)) {
	uses := make([]int, len(p.system.parts[stage].Blocks))
	cost, _ := backend.MeasureContext(ctx, p.backend, p.computes(stage), func(s *backend.Stream) {
		s.OnBlock = func(block int) { uses[block]++ }
		f(s)
	})
	c.peak = max(c.peak, cost.Peak)
	all := int64(times)
	c.flops = backend.Sum(c.flops, backend.Product(all, cost.FLOPs))
	c.operations = backend.Sum(c.operations, backend.Product(all, int64(cost.Operations())))
	c.traffic = backend.Sum(c.traffic, backend.Product(all, cost.Bytes))
	if c.uses == nil || slices.Max(uses) > slices.Max(c.uses) {
		c.uses = uses
	}
}

// afford returns a *backend.MemoryError if private bytes, or those of the device, exceed the limit.
func (p *Pipeline) afford(private, device int64) error {
	if private > p.limit {
		return &backend.MemoryError{Need: private, Have: p.limit}
	}
	if p.holder != nil && device > p.holder.Limit() {
		return &backend.MemoryError{Need: device, Have: p.holder.Limit(), Device: p.backend.Name()}
	}
	return nil
}

// encodingCost is that of the prompt and, if it is used, the negative one.
func (p *Pipeline) encodingCost(ctx context.Context, j *job) (c stageCost) {
	p.measure(ctx, &c, Encoding, 1, func(s *backend.Stream) {
		mark := s.Mark()
		if j.guided() {
			p.system.encode(s, nil, j.negative, make([][]float32, 1))
			s.Release(mark)
		}
		p.system.encode(s, nil, j.positive, make([][]float32, max(1, len(j.images))))
	})
	c.host = p.conditionBytes() + int64(1+len(j.images))*int64(4*3*p.system.faceSize*p.system.faceSize)
	c.host = backend.Sum(c.host, j.searchBytes())
	return c
}

// conditionBytes are those of a Condition.
func (p *Pipeline) conditionBytes() int64 {
	return 2 * 4 * (backend.Product(p.system.fused...) + backend.Product(p.system.pooled...))
}

// latentBytes are those of a latent.
func (p *Pipeline) latentBytes(j *job) int64 {
	h, w := j.latents()
	return backend.Product(4, h, w, p.system.layout.channels)
}

// denoisingCost is that of all steps, with the memory of a preview where one may be asked for. One of each kind is measured.
func (p *Pipeline) denoisingCost(ctx context.Context, j *job) (c stageCost) {
	e := embedding{tensor.Make(nil, 0, tensor.F32, p.system.fused...), tensor.Make(nil, 0, tensor.F32, p.system.pooled...)}
	condition := Condition{negative: e, positive: e}
	for first, times := range j.kinds() {
		p.measure(ctx, &c, Denoising, times, func(s *backend.Stream) {
			d := p.system.denoising(s, nil, j, condition.used(j))
			d.steps(func(i int, step func()) error {
				if mark := s.Mark(); i == first {
					step()
					s.Release(mark)
				}
				return nil
			})
		})
	}
	c.host = p.conditionBytes() + p.latentBytes(j)
	if j.Progress != nil {
		c.host = backend.Sum(c.host, p.latentBytes(j))
		p.measure(ctx, &c, Denoising, 0, func(s *backend.Stream) { p.system.denoising(s, nil, j, condition.used(j)).preview(0) })
	}
	return c
}

// kinds returns the first step of each kind, and how many there are of it. The steps of a kind ask the denoiser as often, with
// guidance or without. So they cost the same, but for what samplers do to the latent.
func (j *job) kinds() map[int]int {
	type kind struct {
		calls  int
		guides bool
	}
	first, times := map[kind]int{}, map[int]int{}
	for i := range j.Steps {
		k := kind{j.sampler.Calls(&j.schedule, i), j.guides(i)}
		if _, ok := first[k]; !ok {
			first[k] = i
		}
		times[first[k]]++
	}
	return times
}

func (p *Pipeline) decodingCost(ctx context.Context, j *job) (c stageCost) {
	h, w := j.latents()
	c.host = backend.Sum(p.conditionBytes()+p.latentBytes(j), backend.Product(4, int64(j.Width), int64(j.Height)))
	p.measure(ctx, &c, Decoding, 1, func(s *backend.Stream) {
		p.system.decode(s, nil, s.NewOf(tensor.F32, 1, h, w, p.system.layout.channels))
	})
	return c
}
