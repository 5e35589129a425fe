// Convert makes one folder of a model: of the reference's .pt files and the base model's folder, or of a folder like that, with
// other weights. Those of int8 take half of the memory and the disk of bfloat16.
//
//	go run ./examples/convert -from DIR -base DIR -to DIR
//	go run ./examples/convert -weights int8 -from DIR -to DIR
package main

import (
	"context"
	"fmt"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
)

func main() { cli.Main(convert) }

func convert(ctx context.Context, args []string) error {
	c, err := cli.ParseConversion("convert makes one folder of a model, of the reference's .pt files or with other weights.", args)
	if err != nil {
		return err
	}
	end := cli.ShowBytes(&c.Options)
	err = faceclip.Convert(ctx, c.From, c.To, &c.Options)
	end()
	if err != nil {
		return err
	}
	fmt.Println("Wrote", c.To)
	return nil
}
