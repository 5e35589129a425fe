package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/faceclip-go/faceclip-go/backend"
	_ "github.com/faceclip-go/faceclip-go/backend/cuda" // for -device
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini/trained"
	"github.com/faceclip-go/faceclip-go/tensor"
)

const defaultPrompt = "A woman wearing a blue denim shirt and khaki pants, on a rocky desert plateau."

// Flags are the flags that the examples have in common.
type Flags struct {
	Model string // folder; empty: the miniature model
	Out   string // file

	faces, photos        []string
	person               string
	prompt, negative     string
	seed                 int64
	drawnSeed            bool // by -seed random
	steps, width, height int
	guidance             float64
	sampler, schedule    string
	noise                string
	guided               string // FROM-UNTIL
	rescale              float64
	recipe               string
	options              faceclip.Options
	explicit             map[string]bool
}

// Parse parses the flags of an example that draws. Its first words are what -h says, out is the default of -o.
func Parse(usage, out string, args []string) (*Flags, error) {
	return parse(usage, args, func(f *Flags, fs *flag.FlagSet) {
		fs.Func("face", "picture `FILE` of a face, aligned and cropped, used as it is; or, without -model, one of "+strings.Join(trained.Names(), ", ")+"; may be repeated, for several of one person",
			func(file string) error { f.faces = append(f.faces, file); return nil })
		fs.Func("photo", "photo `FILE` of a person, whose face is found; may be repeated, for several photos of one person; without -face and -photo text only",
			func(file string) error { f.photos = append(f.photos, file); return nil })
		fs.StringVar(&f.person, "person", "", "who it is in a -photo of several people: largest, or a number from 0, the best found")
		fs.StringVar(&f.prompt, "prompt", defaultPrompt, "what to draw")
		fs.StringVar(&f.negative, "negative", "", "what to stay away from (default the reference's list)")
		f.addSeed(fs)
		fs.IntVar(&f.steps, "steps", 0, "steps of the sampler, 1 to 1000 (default 50; 20 without -model)")
		fs.Float64Var(&f.guidance, "guidance", 0, "weight of the prompt; 0 to 1: no negative pass (default 5; FLUX 3.5)")
		fs.StringVar(&f.guided, "guided", "", "`FROM-UNTIL`, the part of the run with guidance, such as 0-0.6 (default 0-1)")
		fs.Float64Var(&f.rescale, "rescale", 0, "how much of the contrast that guidance adds is taken back, 0 to 1")
		fs.StringVar(&f.sampler, "sampler", "", "euler, euler-ancestral, heun, dpm++2m, dpm++2m-sde, dpm++2s, dpm++sde, ddim, unipc, lcm, tcd; FLUX: euler, heun, dpm++2m (default what scheduler_config.json names)")
		fs.StringVar(&f.schedule, "schedule", "", "leading, trailing, linspace, karras, exponential, beta; FLUX: static, dynamic, karras, exponential, beta (default that of scheduler_config.json)")
		fs.StringVar(&f.noise, "noise", "", "torch-2.6 or torch-2.15: whose noise a seed gives (default torch-2.6, the reference's)")
		f.AddRecipe(fs)
		fs.IntVar(&f.width, "width", 0, "pixels, a multiple of 8, for FLUX of 16 (default 864; 256 without -model)")
		fs.IntVar(&f.height, "height", 0, "pixels, a multiple of 8, for FLUX of 16 (default 1152; 320 without -model)")
		about := "output `FILE`"
		if _, err := formatOf(out); err == nil {
			about += ", whose name ends in .png, .jpg or .jpeg"
		}
		fs.StringVar(&f.Out, "o", out, about)
	})
}

// AddRecipe adds the flag that chooses a recipe.
func (f *Flags) AddRecipe(fs *flag.FlagSet) {
	about := "how to draw, unless other flags say so:"
	for i, r := range Recipes {
		if i > 0 {
			about += ";"
		}
		about += " " + r.Name + ", " + r.About
	}
	fs.StringVar(&f.recipe, "recipe", "", "`NAME` of "+about)
}

// ParseModel parses the flags of an example that only opens a model, and those that add adds.
func ParseModel(usage string, args []string, add func(*Flags, *flag.FlagSet)) (*Flags, error) {
	return parse(usage, args, add)
}

// parse parses the flags that all models have and those that add adds.
func parse(usage string, args []string, add func(*Flags, *flag.FlagSet)) (*Flags, error) {
	f := &Flags{}
	explicit, err := ParseFlags(usage, args, func(fs *flag.FlagSet) {
		f.addModel(fs)
		add(f, fs)
	})
	if err != nil {
		return nil, err
	}
	f.explicit = explicit
	return f, f.check()
}

func (f *Flags) addModel(fs *flag.FlagSet) {
	fs.StringVar(&f.Model, "model", "", "model `DIR`; without it a built-in miniature, which draws drawn people")
	fs.StringVar(&f.options.Base, "base", "", "base model's `DIR`, where -model holds the reference's .pt files")
	fs.Func("weights", "int8: round the weights of linear layers when the model is opened (default as stored)",
		Types(&f.options.Weights, tensor.I8))
	fs.Func("compute", "f32, bf16 or, on a CPU, int8: what products compute with (default bf16 on a GPU, else f32)", Types(&f.options.Compute, tensor.F32, tensor.BF16, tensor.I8))
	fs.StringVar(&f.options.Device, "device", "cpu", "what computes: cpu, cuda (NVIDIA's driver has to be installed), cuda:1 and so on; auto: a GPU if there is one, else the CPU")
	fs.Func("device-memory", "limit of a GPU's memory, such as 8GB (default what is free, less a tenth)", bytesFlag(&f.options.DeviceMemory))
	fs.IntVar(&f.options.Workers, "workers", 0, "goroutines that compute, on a CPU (default all cores)")
	fs.BoolFunc("log", "say on stderr what is opened, what it takes, and how long", func(string) error {
		f.options.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
		return nil
	})
	fs.Func("memory", "limit of memory, such as 8GB (default what is free, less a tenth)", bytesFlag(&f.options.Memory))
}

// bytesFlag returns the function of a flag that sets a number of bytes.
func bytesFlag(to *int64) func(string) error {
	return func(s string) (err error) {
		*to, err = parseBytes(s)
		return err
	}
}

// ParseFlags parses the flags that add adds and returns the names of those that are given. For -h it prints usage and the
// flags; of an error it leaves it to Main to say what is wrong.
func ParseFlags(usage string, args []string, add func(*flag.FlagSet)) (explicit map[string]bool, err error) {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	add(fs)
	fs.Usage = func() {}
	fs.SetOutput(io.Discard)
	err = fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Println(usage)
		fs.SetOutput(os.Stdout)
		fs.PrintDefaults()
	}
	if err == nil && fs.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q; see -h", fs.Arg(0))
	}
	explicit = map[string]bool{}
	fs.Visit(func(f *flag.Flag) { explicit[f.Name] = true })
	return explicit, err
}

// check refuses values that the library would take for "not set".
func (f *Flags) check() error {
	for name, value := range map[string]int{"width": f.width, "height": f.height, "steps": f.steps} {
		if f.explicit[name] && value == 0 {
			return fmt.Errorf("-%s 0: must be positive", name)
		}
	}
	if f.recipe != "" || f.explicit["recipe"] {
		if _, err := recipe(f.recipe); err != nil {
			return err
		}
	}
	switch {
	case f.explicit["workers"] && f.options.Workers <= 0:
		return fmt.Errorf("-workers %d: must be positive", f.options.Workers)
	case f.options.Base != "" && f.Model == "":
		return errors.New("-base: needs -model, the folder of .pt files")
	case f.explicit["model"] && f.Model == "":
		return errors.New("-model: empty")
	}
	return nil
}

// Types returns the function of a flag that sets one of the element types that are possible.
func Types(to *tensor.DType, possible ...tensor.DType) func(string) error {
	return func(s string) error {
		var names []string
		for _, dt := range possible {
			name := map[tensor.DType]string{tensor.I8: "int8", tensor.BF16: "bf16", tensor.F16: "f16", tensor.F32: "f32"}[dt]
			if s == name || s == dt.String() {
				*to = dt
				return nil
			}
			names = append(names, name)
		}
		return fmt.Errorf("want %s", strings.Join(names, " or "))
	}
}

// parseBytes reads a number of bytes with an optional unit.
func parseBytes(s string) (int64, error) {
	units := map[string]float64{"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
	s = strings.ToUpper(s)
	number := strings.TrimRight(s, " BGIKM")
	unit, ok := units[strings.TrimSpace(s[len(number):])]
	n, err := strconv.ParseFloat(number, 64)
	if bytes := n * unit; ok && err == nil && bytes >= 1 && bytes < 1<<62 {
		return int64(bytes), nil
	}
	return 0, errors.New("want a positive number of bytes, such as 8GB or 512MiB")
}

// Open opens the model.
func (f *Flags) Open(ctx context.Context) (*faceclip.Pipeline, error) {
	if f.Model == "" {
		return faceclip.OpenFS(ctx, trained.Model(), &f.options)
	}
	return faceclip.Open(ctx, f.Model, &f.options)
}

// Backend opens the device that the model runs on.
func (f *Flags) Backend() (backend.Backend, error) {
	return backend.Open(f.options.Device, backend.Config{Workers: f.options.Workers})
}

// OnGPU reports whether the device is one of NVIDIA's.
func (f *Flags) OnGPU() bool { return strings.HasPrefix(f.options.Device, "cuda") }

// OnPaper makes plans possible without a GPU.
func (f *Flags) OnPaper() { f.options.Device = "cuda:paper" }

// modelName returns what a picture calls the model.
func (f *Flags) modelName() string {
	if f.Model == "" {
		return "miniature"
	}
	if abs, err := filepath.Abs(f.Model); err == nil {
		return filepath.Base(abs)
	}
	return filepath.Base(f.Model)
}

// Given reports whether a flag was given.
func (f *Flags) Given(name string) bool { return f.explicit[name] }

// Request returns the request that the flags describe.
func (f *Flags) Request(ctx context.Context) (*faceclip.Request, error) {
	r := &faceclip.Request{
		Person: f.person, Prompt: f.prompt, Seed: f.seed, Steps: f.steps, Width: f.width, Height: f.height,
		Guidance: faceclip.Guidance{Scale: float32(f.guidance)},
	}
	if f.explicit["negative"] {
		r.Guidance.Negative = &f.negative
	}
	if f.explicit["guidance"] && f.guidance == 0 {
		r.Guidance.Scale = 1 // no negative pass, as any guidance up to 1
	}
	if f.Model == "" {
		r.Width, r.Height, r.Steps = cmp.Or(f.width, trained.Width), cmp.Or(f.height, trained.Height), cmp.Or(f.steps, trained.Steps)
		r.Guidance.Scale = cmp.Or(r.Guidance.Scale, trained.Guidance)
	}
	r.Sampler, r.Schedule, r.Noise, r.Guidance.Rescale = f.sampler, f.schedule, f.noise, float32(f.rescale)
	if f.drawnSeed {
		fmt.Printf("Drawn by -seed random: -seed %d\n", f.seed)
	}
	if err := f.guide(&r.Guidance); err != nil {
		return nil, err
	}
	return r, f.readPerson(ctx, r)
}

// guide reads the part of the run with guidance.
func (f *Flags) guide(g *faceclip.Guidance) error {
	if !f.explicit["guided"] {
		return nil
	}
	from, until, _ := strings.Cut(f.guided, "-")
	for _, part := range []struct {
		text string
		to   *float32
	}{{from, &g.From}, {until, &g.Until}} {
		x, err := strconv.ParseFloat(part.text, 32)
		if err != nil {
			return fmt.Errorf("-guided %s: want FROM-UNTIL, such as 0-0.6", f.guided)
		}
		*part.to = float32(x)
	}
	if g.Until == 0 {
		return fmt.Errorf("-guided %s: ends before it begins", f.guided)
	}
	return nil
}

// Follow makes a request to p follow the recipe, if there is one, in all that no flag says.
func (f *Flags) Follow(r *faceclip.Request, p *faceclip.Pipeline) {
	chosen, err := recipe(f.recipe)
	if err != nil { // there is none: check has seen the name
		return
	}
	said := *r
	chosen.Apply(r, p)
	for name, keep := range map[string]func(){
		"steps":    func() { r.Steps = said.Steps },
		"sampler":  func() { r.Sampler = said.Sampler },
		"schedule": func() { r.Schedule = said.Schedule },
		"guided":   func() { r.Guidance.From, r.Guidance.Until = said.Guidance.From, said.Guidance.Until },
		"rescale":  func() { r.Guidance.Rescale = said.Guidance.Rescale },
		"guidance": func() { r.Guidance.Scale = said.Guidance.Scale },
	} {
		if f.explicit[name] {
			keep()
		}
	}
}
