package cli

import (
	"context"
	"fmt"
	"image"
	"os"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// Draw draws what the flags describe, with a progress bar, and returns the request with its defaults filled in.
// Prepare, if given, may change the request before.
func (f *Flags) Draw(ctx context.Context, prepare func(*faceclip.Request)) (image.Image, *faceclip.Request, error) {
	request, err := f.Request(ctx)
	if err != nil {
		return nil, nil, err
	}
	pipeline, err := f.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer pipeline.Close()
	f.Follow(request, pipeline)
	resolved, err := pipeline.Resolve(request)
	if err != nil {
		return nil, nil, err
	}
	if err := f.warn(ctx, os.Stderr, pipeline, request); err != nil {
		return nil, nil, err
	}
	if f.Model == "" {
		fmt.Println("No -model: drawing with the built-in miniature, a toy that was trained on drawings.")
	}
	if prepare != nil {
		prepare(request)
	}
	img, err := Generate(ctx, pipeline, request)
	return img, resolved, err
}

// Generate draws with a progress bar.
func Generate(ctx context.Context, p *faceclip.Pipeline, r *faceclip.Request) (image.Image, error) {
	end := showProgress(r)
	defer end()
	return p.Generate(ctx, r)
}

// Texts returns a resolved request as metadata.
func Texts(r *faceclip.Request) []Text {
	texts := []Text{
		{"prompt", r.Prompt},
		{"negative", *r.Guidance.Negative},
		{"seed", fmt.Sprint(r.Seed)},
		{"steps", fmt.Sprint(r.Steps)},
		{"guidance", fmt.Sprint(r.Guidance.Scale)},
		{"size", fmt.Sprintf("%dx%d", r.Width, r.Height)},
	}
	g := r.Guidance
	for _, t := range []struct {
		Text
		usual string
	}{
		{Text{"sampler", r.Sampler}, "euler"}, {Text{"schedule", r.Schedule}, ""},
		{Text{"guided", fmt.Sprintf("%v-%v", g.From, g.Until)}, "0-1"}, {Text{"rescale", fmt.Sprint(g.Rescale)}, "0"},
	} {
		if t.Value != t.usual {
			texts = append(texts, t.Text)
		}
	}
	return texts
}
