// Portrait draws a person, given a picture of the face and a prompt:
//
//	go run ./examples/portrait -model DIR -photo me.jpg -prompt "A chef in a white apron" -o out.png
//	go run ./examples/portrait -model DIR -base DIR -face face.png -prompt "A chef in a white apron" -o out.png
//
// Without -model it draws drawn people, with a built-in miniature: a sheet of one person in four scenes or, with -prompt, one
// picture. -face says who it is.
package main

import (
	"context"
	"fmt"
	"image"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
)

func main() { cli.Main(portrait) }

func portrait(ctx context.Context, args []string) error {
	flags, err := cli.Parse("portrait draws a person, given a picture of the face and a prompt.", "portrait.png", args)
	if err != nil {
		return err
	}
	if err := cli.TryPicture(flags.Out); err != nil { // better now than after an hour
		return fmt.Errorf("-o: %w", err)
	}
	img, metadata, err := draw(ctx, flags)
	if err != nil {
		return err
	}
	if err := cli.WriteGenerated(flags.Out, img, metadata); err != nil {
		return err
	}
	fmt.Println("Wrote", flags.Out)
	return nil
}

// draw draws one picture or, where nothing is said of it, a sheet.
func draw(ctx context.Context, flags *cli.Flags) (image.Image, faceclip.Metadata, error) {
	if flags.Model == "" && !flags.Given("prompt") && !flags.Given("photo") {
		return drawSheet(ctx, flags)
	}
	return flags.Draw(ctx, nil)
}
