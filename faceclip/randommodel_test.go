package faceclip

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	faceclip "github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/randomweights"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/nn/fuse"
	"github.com/faceclip-go/faceclip-go/nn/t5"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/nn/vit"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A randomModel is a model's folder of random sizes, that go together.
type randomModel struct {
	*rand.Rand
	system string
	parts  []randomPart
	lacks  bool // weights, of which there would be too many
}

// A randomPart is a component of it.
type randomPart struct {
	folder, file string
	config       interface{ Validate() error }
	build        func(nn.Params)
}

func newRandomModel(r *rand.Rand) *randomModel {
	m := &randomModel{Rand: r, system: "sdxl"}
	if r.IntN(2) == 0 {
		m.system = "flux"
	}
	const weights = "diffusion_pytorch_model.safetensors"
	if m.system == "sdxl" {
		e, u, d := m.sdxl()
		m.parts = []randomPart{
			{"face_clip_encoder", "model.safetensors", e, func(p nn.Params) { faceclip.New(p, e) }},
			{"unet", weights, u, func(p nn.Params) { sdxl.New(p, u) }},
			{"vae", weights, d, func(p nn.Params) { vae.NewDecoder(p, d) }},
		}
	} else {
		e, f, d := m.flux()
		m.parts = []randomPart{
			{"face_t5_encoder", "model.safetensors", e, func(p nn.Params) { facet5.New(p, e) }},
			{"transformer", weights, f, func(p nn.Params) { flux.New(p, f) }},
			{"vae", weights, d, func(p nn.Params) { vae.NewDecoder(p, d) }},
		}
	}
	return m
}

// validate returns what the configurations themselves say is wrong with them.
func (m *randomModel) validate() error {
	var errs []error
	for _, p := range m.parts {
		errs = append(errs, p.config.Validate())
	}
	return errors.Join(errs...)
}

func (m *randomModel) String() string {
	text := m.system
	for _, p := range m.parts {
		config, _ := json.Marshal(p.config)
		text += fmt.Sprintf("\n%s: %s", p.folder, config)
	}
	return text
}

// request returns one for a small picture.
func (m *randomModel) request() *Request {
	r := &Request{Prompt: "a man", Width: 16 * (1 + m.IntN(4)), Height: 16 * (1 + m.IntN(4)), Steps: 1 + m.IntN(3)}
	r.Guidance.Scale = float32(m.IntN(4))
	return r
}

// size returns a number from 1 on, mostly a small one; now and then it is at the limit of what a configuration may say.
func (m *randomModel) size(small, most int) int {
	if m.IntN(100) == 0 {
		return []int{most, most + 1, most - 1, most / 2, 1 << m.IntN(20), 8191, 8192, 8193, 1000, 1009}[m.IntN(10)]
	}
	return 1 + m.IntN(small)
}

const mostWide, mostLayers = 1 << 17, 1000 // as in package nn

// heads returns a number of heads and the width of all of them.
func (m *randomModel) heads() (heads, width int) {
	heads = m.size(4, mostWide)
	return heads, min(heads*m.size(12, mostWide), 2*mostWide)
}

// divisor returns a number that divides all of n.
func (m *randomModel) divisor(n ...int) int {
	for {
		d := 1 + m.IntN(min(slices.Min(n), 16))
		if !slices.ContainsFunc(n, func(n int) bool { return n%d != 0 }) {
			return d
		}
	}
}

// vision returns one for text of any of the widths.
func (m *randomModel) vision(widths ...int) vit.Config {
	size := m.size(40, 1<<12)
	return vit.Config{
		ImageSize: size, PatchSize: 1 + m.IntN(size), Width: widths[0], Layers: m.size(2, mostLayers), Heads: m.divisor(widths...),
		Intermediate: m.size(24, mostWide), Classes: m.size(8, mostWide),
	}
}

func (m *randomModel) clip() clip.Config {
	heads, width := m.heads()
	return clip.Config{
		VocabSize: 914, Positions: 77, Width: width, Intermediate: m.size(24, mostWide), Layers: m.size(2, mostLayers), Heads: heads,
		Act: []string{"gelu", "quick_gelu"}[m.IntN(2)],
	}
}

// fuser returns one over text of any of the widths.
func (m *randomModel) fuser(widths ...int) fuse.Config {
	bi, width := m.heads()
	return fuse.Config{
		Layers: m.size(3, mostLayers), BiDim: width, BiHeads: bi, TextHeads: m.divisor(widths...), TextIntermediate: m.size(24, mostWide),
		ImageHeads: m.divisor(widths...), ImagePoints: m.size(4, mostLayers), ImageIntermediate: m.size(24, mostWide),
	}
}

func (m *randomModel) decoder(latents int) vae.Config {
	groups := m.size(4, mostWide)
	c := vae.Config{LatentChannels: latents, Layers: m.size(2, mostLayers), Groups: groups, OutChannels: 3, Scaling: m.Float32() + 0.01}
	for range 4 {
		c.Channels = append(c.Channels, groups*m.size(4, mostWide/groups))
	}
	c.PostQuant = new(m.IntN(2) == 0)
	return c
}

func (m *randomModel) sdxl() (faceclip.Config, sdxl.Config, vae.Config) {
	e := faceclip.Config{TextL: m.clip(), TextG: m.clip()}
	e.Vision = m.vision(e.TextL.Width, e.TextG.Width)
	e.Fuser = m.fuser(e.TextL.Width, e.TextG.Width)
	groups, latents := m.size(4, mostWide), m.size(4, mostWide)
	u := sdxl.Config{
		InChannels: latents, OutChannels: latents, Layers: m.size(2, mostLayers), TextWidth: e.TextL.Width + e.TextG.Width,
		SizeWidth: 2 * m.size(4, mostWide/2), Groups: groups, Eps: 1e-5, AddType: "text_time", LinearProject: true,
	}
	u.AddedWidth = 6*u.SizeWidth + e.TextG.Width
	for range 1 + m.IntN(4) {
		channels := 2 * groups * m.size(4, mostWide/groups/2)
		u.Channels, u.Heads, u.Depth = append(u.Channels, channels), append(u.Heads, m.divisor(channels)), append(u.Depth, m.size(3, mostLayers)-1)
		u.DownTypes = append(u.DownTypes, []string{"DownBlock2D", "CrossAttnDownBlock2D"}[m.IntN(2)])
		u.UpTypes = append(u.UpTypes, []string{"UpBlock2D", "CrossAttnUpBlock2D"}[m.IntN(2)])
	}
	return e, u, m.decoder(latents)
}

func (m *randomModel) flux() (facet5.Config, flux.Config, vae.Config) {
	heads, each := m.size(4, mostWide), m.size(12, mostWide)
	width := []int{heads * each, m.size(32, mostWide)}[m.IntN(2)]
	buckets := 4 * m.size(8, 1<<10)
	e := facet5.Config{CLIP: m.clip(), Vision: m.vision(width), Fuser: m.fuser(width), Text: t5.Config{
		VocabSize: 528, Width: width, HeadWidth: each, Intermediate: m.size(24, mostWide), Layers: m.size(2, mostLayers), Heads: heads,
		Buckets: buckets, MaxDistance: buckets/4 + m.size(100, 1<<20), Tokens: 1 + m.size(60, 1<<12),
	}}
	latents, axes := m.size(4, mostWide/4), []int{2 * m.size(3, 1<<12), 2 * m.size(3, 1<<12), 2 * m.size(3, 1<<12)}
	f := flux.Config{
		PatchSize: 1, InChannels: 4 * latents, DoubleBlocks: m.size(2, mostLayers), SingleBlocks: m.size(2, mostLayers),
		HeadWidth: axes[0] + axes[1] + axes[2], Axes: axes, Heads: m.size(3, mostWide), TextWidth: width, PooledWidth: e.CLIP.Width,
		Guidance: m.IntN(2) == 0,
	}
	return e, f, m.decoder(latents)
}

// endless reports whether a network has so many layers within layers that nobody can list its weights.
func (p randomPart) endless() bool {
	c, ok := p.config.(sdxl.Config)
	return ok && c.Layers*slices.Max(c.Depth) > 2000
}

// write writes the folder: of the miniature model all that is not weights and not their configuration.
func (m *randomModel) write(t *testing.T, dir string) {
	must(t, fs.WalkDir(minis[m.system], ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(name, ".safetensors") {
			return err
		}
		text, err := fs.ReadFile(minis[m.system], name)
		return errors.Join(err, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755), os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}))
	for _, p := range m.parts {
		config, err := json.Marshal(p.config)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, p.folder, "config.json"), config, 0o644))
		switch {
		case p.config.Validate() != nil: // there is no network
		case p.endless():
			m.lacks = true
		default:
			m.writeWeights(t, filepath.Join(dir, p.folder, p.file), p.build)
		}
	}
}

// writeWeights writes random weights, or a file of zeros, which takes no room on the disk, where there are many.
func (m *randomModel) writeWeights(t *testing.T, name string, build func(nn.Params)) {
	dtype := []tensor.DType{tensor.F32, tensor.F16, tensor.BF16}[m.IntN(3)]
	entries := randomweights.Entries(nn.Shapes(build), dtype)
	header, size := map[string]any{}, int64(0)
	for _, e := range entries {
		bytes := backend.Product(e.Shape...)
		bytes = backend.Product(bytes, int64(e.DType.Size()))
		if size+bytes > 1<<40 || len(entries) > 100_000 {
			m.lacks = true // more than files have
			return
		}
		header[e.Name] = map[string]any{"dtype": strings.ToUpper(e.DType.String()), "shape": append([]int{}, e.Shape...), "data_offsets": []int64{size, size + bytes}}
		size += bytes
	}
	if size < 1<<20 {
		must(t, safetensors.WriteFile(name, nil, entries))
		return
	}
	text, err := json.Marshal(header)
	must(t, err)
	text = append(text, bytes.Repeat([]byte(" "), -len(text)&7)...)
	must(t, os.WriteFile(name, append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), 0o644))
	must(t, os.Truncate(name, int64(8+len(text))+size))
}
