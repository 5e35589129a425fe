// Portrait draws a person, given a picture of the face and a prompt:
//
//	go run ./examples/portrait -model DIR -photo me.jpg -prompt "A chef in a white apron" -o out.png
//	go run ./examples/portrait -model DIR -base DIR -face face.png -prompt "A chef in a white apron" -o out.png
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
	img, request, err := flags.Draw(ctx, nil)
	if err != nil {
		return err
	}
	texts := append(cli.Texts(request), cli.Text{Key: "model", Value: flags.ModelName()})
	if err := cli.WritePNG(flags.Out, img, texts); err != nil {
		return err
	}
	fmt.Println("Wrote", flags.Out)
	return nil
}
