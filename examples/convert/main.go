// Convert writes a model's folder anew with other weights, such as int8, which take half of the memory and the disk of
// bfloat16:
//
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
	c, err := cli.ParseConversion("convert writes a model's folder anew with other weights.", args)
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
