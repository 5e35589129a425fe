package cli

import (
	"context"
	"fmt"
	"image"
	"os"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// Draw draws what the flags describe, with a progress bar. Prepare, if given, may change the request before.
func (f *Flags) Draw(ctx context.Context, prepare func(*faceclip.Request)) (img image.Image, m faceclip.Metadata, err error) {
	request, err := f.Request(ctx)
	if err != nil {
		return nil, m, err
	}
	pipeline, err := f.Open(ctx)
	if err != nil {
		return nil, m, err
	}
	defer pipeline.Close()
	f.Follow(request, pipeline)
	if m, err = f.Metadata(pipeline, request); err != nil {
		return nil, m, err
	}
	if err := f.warn(ctx, os.Stderr, pipeline, request); err != nil {
		return nil, m, err
	}
	if f.Model == "" {
		fmt.Println("No -model: drawing with the built-in miniature, a toy that was trained on drawings.")
	}
	if prepare != nil {
		prepare(request)
	}
	img, err = Generate(ctx, pipeline, request)
	return img, m, err
}

// Metadata returns what a picture of the request says of itself.
func (f *Flags) Metadata(p *faceclip.Pipeline, r *faceclip.Request) (faceclip.Metadata, error) {
	m, err := p.Metadata(r)
	m.Model = f.modelName()
	return m, err
}

// Generate draws with a progress bar.
func Generate(ctx context.Context, p *faceclip.Pipeline, r *faceclip.Request) (image.Image, error) {
	end := showProgress(r)
	defer end()
	return p.Generate(ctx, r)
}
