package faceclip_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"log"

	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini"
)

// A picture from a face and a prompt. With a model on disk, Open takes the place of OpenFS.
func Example() {
	ctx := context.Background()
	p, err := faceclip.OpenFS(ctx, mini.Random(mini.SDXL), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	crop := image.NewGray(image.Rect(0, 0, 448, 448)) // stands for an aligned crop of a face
	img, err := p.Generate(ctx, &faceclip.Request{
		Face: crop, Prompt: "A chef in a white apron.", Width: 64, Height: 80, Steps: 4, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(img.Bounds())
	// Output: (0,0)-(64,80)
}

// One face and prompt, encoded once, and several pictures.
func ExamplePipeline_Encode() {
	ctx := context.Background()
	p, err := faceclip.OpenFS(ctx, mini.Random(mini.SDXL), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	condition, err := p.Encode(ctx, &faceclip.Request{Prompt: "A chef in a white apron."})
	if err != nil {
		log.Fatal(err)
	}
	for seed := range int64(2) {
		img, err := p.Generate(ctx, &faceclip.Request{Condition: condition, Seed: seed, Width: 32, Height: 32, Steps: 2})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(seed, img.Bounds().Dx())
	}
	// Output:
	// 0 32
	// 1 32
}

// What a picture would take, without drawing it.
func ExamplePipeline_Plan() {
	p, err := faceclip.OpenFS(context.Background(), mini.Random(mini.SDXL), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	plan, err := p.Plan(&faceclip.Request{Width: 512, Height: 512, Steps: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range plan.Stages {
		fmt.Println(s.Stage, s.FLOPs > 0)
	}
	// Output:
	// encoding true
	// denoising true
	// decoding true
}

// A picture that says how it was made, and what it says.
func ExampleReadMetadata() {
	ctx := context.Background()
	p, err := faceclip.OpenFS(ctx, mini.Random(mini.SDXL), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	r := &faceclip.Request{Prompt: "A chef in a white apron.", Width: 32, Height: 32, Steps: 2, Seed: 7}
	metadata, err := p.Metadata(r)
	if err != nil {
		log.Fatal(err)
	}
	img, err := p.Generate(ctx, r)
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer // stands for an *os.File
	if err := faceclip.WriteJPEG(&file, img, metadata); err != nil {
		log.Fatal(err)
	}
	found, err := faceclip.ReadMetadata(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.System, found.Seed, found.Prompt)
	// Output: FaceCLIP-SDXL 7 A chef in a white apron.
}
