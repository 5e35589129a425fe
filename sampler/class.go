package sampler

import (
	"slices"
	"strings"
)

// The names of schedules. The first three say which training steps are visited, the next three how noise levels are spaced; the last
// two are of flow matching.
const (
	Leading     = "leading"
	Trailing    = "trailing"
	Linspace    = "linspace"
	Karras      = "karras"
	Exponential = "exponential"
	Beta        = "beta"
	Static      = "static"  // shifted the same for every size
	Dynamic     = "dynamic" // shifted by the size of the picture
)

var (
	visits  = []string{Leading, Trailing, Linspace}
	spacing = []string{Karras, Exponential, Beta}
)

// A class is a scheduler of diffusers 0.33.1, or one of its algorithms, and what is peculiar to it.
type class struct {
	name      string
	sampler   string // its name here
	algorithm string // algorithm_type; empty: it has none
	schedules []string
	mix       Mix
	snr       zeroSNR
	whole     bool // it visits whole training steps
	ends      bool // it leaves out the last of one more step
	defaults  func(*Diffusion)
	make      func(c Diffusion, steps int) Sampler
}

// A zeroSNR says what the first noise level is after rescale_betas_zero_snr.
type zeroSNR int

const (
	unknown  zeroSNR = iota // the class has no such field
	finite                  // 4096
	infinite                // without an end
)

var classes = []class{
	{
		name: "EulerDiscreteScheduler", sampler: "euler", schedules: slices.Concat(visits, spacing), snr: finite,
		make: func(Diffusion, int) Sampler { return Euler{} },
	},
	{
		name: "EulerAncestralDiscreteScheduler", sampler: "euler-ancestral", schedules: visits, snr: finite,
		make: func(Diffusion, int) Sampler { return EulerAncestral{} },
	},
	{
		name: "HeunDiscreteScheduler", sampler: "heun", schedules: slices.Concat(visits, spacing),
		make: func(Diffusion, int) Sampler { return Heun{} },
	},
	{
		name: multistep, sampler: "dpm++2m", algorithm: "dpmsolver++", schedules: slices.Concat(visits, spacing), mix: Preserving,
		snr: finite, whole: true, ends: true, make: makeDPM2M,
	},
	{
		name: multistep, sampler: "dpm++2m-sde", algorithm: "sde-dpmsolver++", schedules: slices.Concat(visits, spacing),
		mix: Preserving, snr: finite, whole: true, ends: true, make: makeDPM2M,
	},
	{
		name: singlestep, sampler: "dpm++2s", algorithm: "dpmsolver++", schedules: append([]string{Linspace}, spacing...),
		mix: Preserving, whole: true, ends: true, make: func(Diffusion, int) Sampler { return DPMSingle{} },
	},
	{
		name: singlestep, sampler: "dpm++sde", algorithm: "sde-dpmsolver++", schedules: append([]string{Linspace}, spacing...),
		mix: Preserving, whole: true, ends: true, make: func(Diffusion, int) Sampler { return DPMSingle{SDE: true} },
	},
	{
		name: "DDIMScheduler", sampler: "ddim", schedules: visits, mix: Preserving, snr: infinite, whole: true,
		defaults: func(c *Diffusion) { c.TimestepSpacing, c.ClipSample = Leading, true },
		make:     func(Diffusion, int) Sampler { return Euler{} },
	},
	{
		name: "UniPCMultistepScheduler", sampler: "unipc", schedules: slices.Concat(visits, spacing), mix: Preserving, snr: finite,
		whole: true, ends: true, defaults: func(c *Diffusion) { c.SolverType = "bh2" },
		make: func(Diffusion, int) Sampler { return UniPC{} },
	},
	{
		name: "LCMScheduler", sampler: "lcm", mix: Preserving, snr: infinite, whole: true, defaults: distilledDefaults,
		make: func(c Diffusion, _ int) Sampler { return LCM{TimeScale: c.TimestepScaling} },
	},
	{
		name: "TCDScheduler", sampler: "tcd", mix: Preserving, snr: infinite, whole: true, defaults: distilledDefaults,
		make: func(Diffusion, int) Sampler { return TCD{} },
	},
}

const (
	multistep  = "DPMSolverMultistepScheduler"
	singlestep = "DPMSolverSinglestepScheduler"
)

func makeDPM2M(c Diffusion, steps int) Sampler {
	return DPM2M{SDE: c.AlgorithmType != "dpmsolver++", LowerAtFinal: c.EulerAtFinal || c.LowerOrderFinal && steps < 15}
}

func distilledDefaults(c *Diffusion) {
	c.BetaStart, c.BetaEnd, c.BetaSchedule, c.TimestepSpacing = 0.00085, 0.012, "scaled_linear", Leading
}

// find returns the first class that f accepts.
func find(f func(class) bool) *class {
	if i := slices.IndexFunc(classes, f); i >= 0 {
		return &classes[i]
	}
	return nil
}

// names lists the samplers, or the classes.
func names(of func(class) string) string {
	var all []string
	for _, k := range classes {
		all = append(all, of(k))
	}
	return strings.Join(slices.Compact(all), ", ")
}

// Samplers lists the names of the samplers for added noise.
func Samplers() string { return names(func(k class) string { return k.sampler }) }
