// Portrait draws a person, given a picture of the face and a prompt:
//
//	go run ./examples/portrait -model DIR -face face.png -prompt "A chef in a white apron" -o out.png
//
// Without flags it shows that everything works, with a built-in miniature model.
package main

import (
	"context"
	"fmt"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
)

func main() { cli.Main(portrait) }

func portrait(ctx context.Context, args []string) error {
	flags, err := cli.Parse("portrait draws a person, given a picture of the face and a prompt.", "portrait.png", args)
	if err != nil {
		return err
	}
	request, err := flags.Request()
	if err != nil {
		return err
	}
	pipeline, err := flags.Open(ctx)
	if err != nil {
		return err
	}
	defer pipeline.Close()
	resolved, err := pipeline.Resolve(request)
	if err != nil {
		return err
	}
	if flags.Model == "" {
		fmt.Printf("No -model: drawing %d×%d in %d steps with the built-in miniature, whose weights are random: "+
			"expect texture, not a face.\n", resolved.Width, resolved.Height, resolved.Steps)
	}

	end := cli.ShowProgress(request)
	img, err := pipeline.Generate(ctx, request)
	end()
	if err != nil {
		return err
	}
	texts := append(cli.Texts(resolved), cli.Text{Key: "model", Value: flags.ModelName()})
	if err := cli.WritePNG(flags.Out, img, texts); err != nil {
		return err
	}
	fmt.Println("Wrote", flags.Out)
	return nil
}
