package faceclip

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// Metadata is what a picture says of how it was made: [WritePNG] and [WriteJPEG] write it, [ReadMetadata] reads it. It has nothing
// of the person but what the prompt says. The zero value says that the picture was generated, and no more.
type Metadata struct {
	Version string // of this module; empty where the program does not know it
	System  string // FaceCLIP-SDXL or FaceT5-FLUX
	Model   string // what the caller calls the weights; no method sets it
	Weights string // their fingerprint: see [Info]

	// Compute is what products computed with, as in [Options]; zero is float32.
	Compute tensor.DType

	// The rest is as in [Request], with the defaults filled in.
	Prompt            string
	Seed              int64
	Width, Height     int
	Steps             int
	Guidance          Guidance
	Sampler, Schedule string
	Noise             string
}

// Metadata returns what a picture of the request can say of itself, or a *RequestError. It does not look for faces in photos.
func (p *Pipeline) Metadata(r *Request) (Metadata, error) {
	ctx := context.Background()
	j, err := p.resolveDrawing(ctx, r)
	if err != nil {
		return Metadata{}, wrap(ctx, err)
	}
	m := Metadata{
		Version: version(), System: p.system.name, Weights: p.info.Fingerprint, Prompt: j.Prompt, Seed: j.Seed,
		Width: j.Width, Height: j.Height, Steps: j.Steps, Guidance: j.Guidance, Sampler: j.Sampler, Schedule: j.Schedule,
		Noise: j.Noise,
	}
	if compute := p.types.Compute; compute != tensor.F32 {
		m.Compute = compute
	}
	negative := j.Guidance.Negative
	if c := j.Condition; c != nil {
		m.Prompt, negative = c.prompt, &c.negativePrompt
	}
	m.Guidance.Negative = new(*negative)
	return m, nil
}

// version returns the version of this module that the program was built with, if it has one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return versionIn(info)
}

func versionIn(info *debug.BuildInfo) string {
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path != "github.com/faceclip-go/faceclip-go" {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		return strings.TrimPrefix(m.Version, "(devel)") // of a folder
	}
	return ""
}

// An entry is a field of metadata as a text with a name.
type entry struct {
	key  string
	text string // as it is now
	none bool   // it is the zero value, and not written
	set  func(string) error
}

// softwareKey names the entry that all metadata have, whose text begins with softwareName.
const (
	softwareKey  = "Software" // as the PNG specification has it
	softwareName = "faceclip-go"
)

// entries are all fields, in the order in which they are written.
func (m *Metadata) entries() []entry {
	drawn := m.Steps != 0 // a seed of 0 and an empty prompt mean something then
	return []entry{
		{softwareKey, m.software(), false, m.setSoftware},
		words("system", &m.System),
		words("model", &m.Model),
		words("weights", &m.Weights),
		{"prompt", m.Prompt, m.Prompt == "" && !drawn, func(s string) error { m.Prompt = s; return nil }},
		m.negative(),
		{"seed", fmt.Sprint(m.Seed), m.Seed == 0 && !drawn, func(s string) (err error) { m.Seed, err = strconv.ParseInt(s, 10, 64); return err }},
		pair("size", "x", &m.Width, &m.Height, strconv.Atoi),
		number("steps", &m.Steps, strconv.Atoi),
		number("guidance", &m.Guidance.Scale, parseFloat),
		pair("guided", " to ", &m.Guidance.From, &m.Guidance.Until, parseFloat),
		number("rescale", &m.Guidance.Rescale, parseFloat),
		words("sampler", &m.Sampler),
		words("schedule", &m.Schedule),
		words("noise", &m.Noise),
		m.compute(),
	}
}

func (m *Metadata) compute() entry {
	text, err := m.Compute.MarshalText()
	return entry{"compute", string(text), err != nil, func(s string) error { return m.Compute.UnmarshalText([]byte(s)) }}
}

func (m *Metadata) software() string {
	if m.Version == "" {
		return softwareName
	}
	return softwareName + " " + m.Version
}

func (m *Metadata) setSoftware(s string) error {
	name, version, _ := strings.Cut(s, " ")
	if name != softwareName {
		return ErrNoMetadata
	}
	m.Version = version
	return nil
}

// negative is an entry even if it is empty, which is not the same as none.
func (m *Metadata) negative() entry {
	e := entry{key: "negative", none: m.Guidance.Negative == nil, set: func(s string) error { m.Guidance.Negative = &s; return nil }}
	if !e.none {
		e.text = *m.Guidance.Negative
	}
	return e
}

func words(key string, to *string) entry {
	return entry{key, *to, *to == "", func(s string) error { *to = s; return nil }}
}

func number[T int | float32](key string, to *T, parse func(string) (T, error)) entry {
	return entry{key, fmt.Sprint(*to), *to == 0, func(s string) (err error) { *to, err = parse(s); return err }}
}

// pair is an entry of two numbers.
func pair[T int | float32](key, between string, a, b *T, parse func(string) (T, error)) entry {
	return entry{key, fmt.Sprint(*a) + between + fmt.Sprint(*b), *a == 0 && *b == 0, func(s string) (err error) {
		first, second, _ := strings.Cut(s, between)
		if *a, err = parse(first); err == nil {
			*b, err = parse(second)
		}
		return err
	}}
}

func parseFloat(s string) (float32, error) {
	x, err := strconv.ParseFloat(s, 32)
	return float32(x), err
}
