package faceclip

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/internal/tokenizer"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A system is one of the two published ones with its weights: its networks, and what else differs between the two.
type system struct {
	networks
	name  string                 // as it is published
	parts [Done]*model.Component // of each stage
	// tokenize returns a prompt as the text encoders read it; once ctx has ended, anything.
	tokenize func(ctx context.Context, prompt string, face bool) tokens
	// count returns how many tokens the text of a field has for each text encoder; once ctx has ended, anything.
	count func(ctx context.Context, field, text string, face bool) []TokenCount
	// schedule gives a job its sampler and schedule, or says which field is wrong.
	schedule func(*job) error

	scale    float32 // of guidance, where a request has none
	negative string  // prompt, where a request has none
	faceSize int     // the side of a face, in pixels
	layout   layout
	fused    []int  // the shape of an embedding's fused text [1, T, D]
	pooled   []int  // and that of its pooled text [1, P]
	output   string // what traces call what the denoiser makes
	// In the first step of an unguided run a trace has what the denoiser makes for the prompt alone, too.
	tracesPositive bool
	// A trace has what the denoiser is told.
	tracesCondition bool
	// The denoiser is told the scale of guidance, as it was distilled to be, and predicts what is guided.
	embedsGuidance bool
}

// networks are those of a system: what they compute.
type networks interface {
	// encode returns what the denoiser needs to know of a prompt and the faces of a person, each [3, size, size]: both fused
	// [1, T, D], and the pooled text [1, P]. It runs within Do.
	encode(s *backend.Stream, t *trace, text tokens, faces [][]float32) (fused, pooled tensor.Tensor)
	// predict puts conditions on s, where they stay, and returns a function that returns what the denoiser makes of x for each
	// of them from number first on, shaped as x. The function runs within Do.
	predict(s *backend.Stream, j *job, conditions []embedding) prediction
	// decode returns the pixels [1, height, width, 3] of a finished latent [1, h, w, C].
	decode(s *backend.Stream, t *trace, latent tensor.Tensor) tensor.Tensor
}

// A prediction returns what the denoiser makes of x for each condition from number first on.
type prediction func(x tensor.Tensor, at sampler.At, first int) []tensor.Tensor

// systems are what model_index.json can name: a model of ours, or a base model that the reference's .pt files go with.
var systems = map[string]struct {
	open func(context.Context, *model.Folder) (*system, error)
	base bool
}{
	"FaceCLIPSDXLPipeline":      {openSDXL, false},
	"FaceT5FluxPipeline":        {openFLUX, false},
	"StableDiffusionXLPipeline": {openSDXL, true},
	"FluxPipeline":              {openFLUX, true},
}

// openSystem finds out which system a folder holds and opens it.
func openSystem(ctx context.Context, f *model.Folder) (*system, error) {
	index, err := model.ReadConfig[modelIndex](f, model.IndexFile)
	if err != nil {
		return nil, f.NoIndex(err)
	}
	found, pickled := systems[index.ClassName], f.Pickled()
	switch {
	case found.base && pickled == "":
		return nil, fmt.Errorf("%s: %s is a base model: it goes into Options.Base, beside the folder of FaceCLIP", f.Display(model.IndexFile), index.ClassName)
	case !found.base && pickled != "":
		return nil, fmt.Errorf("%s: %s is no base model, which the .pt files of %s need", f.Display(model.IndexFile), index.ClassName, pickled)
	}
	return found.open(ctx, f)
}

// A modelIndex is model_index.json.
type modelIndex struct {
	ClassName string `json:"_class_name"`
}

// Validate reports a system that is not known.
func (m modelIndex) Validate() error {
	if systems[m.ClassName].open != nil {
		return nil
	}
	return fmt.Errorf("_class_name %q is not one of %s", m.ClassName, strings.Join(slices.Sorted(maps.Keys(systems)), ", "))
}

// A part is the folder of a stage's weights, and what makes the network of them.
type part struct {
	folder string
	build  func(nn.Params)
}

// open opens the parts of a system, those of each stage in order.
func (sys *system) open(ctx context.Context, f *model.Folder, parts [Done]part) (err error) {
	for stage, p := range parts {
		if sys.parts[stage], err = f.Component(ctx, p.folder, p.build); err != nil {
			return err
		}
	}
	return nil
}

// matchCLIP checks that a text tower of the file name fits a vocabulary of the given size.
func matchCLIP(f *model.Folder, name string, c clip.Config, vocabulary int) error {
	switch {
	case c.VocabSize != vocabulary:
		return fmt.Errorf("%s: vocab_size %d, but tokenizer has %d tokens", f.Display(name), c.VocabSize, vocabulary)
	case c.Positions != tokenizer.Length:
		return fmt.Errorf("%s: max_position_embeddings %d, want %d", f.Display(name), c.Positions, tokenizer.Length)
	}
	return nil
}
