// Convert makes one folder of a model: of the reference's .pt files and the base model's folder, or of a folder like that, with
// other weights. Those of int8 take half of the memory and the disk of bfloat16.
//
//	go run ./examples/convert -from DIR -base DIR -to DIR
//	go run ./examples/convert -weights int8 -from DIR -to DIR
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func main() { cli.Main(convert) }

func convert(ctx context.Context, args []string) error {
	from, to, o, err := parse(args)
	if err != nil {
		return err
	}
	end := cli.ShowBytes(&o)
	err = faceclip.Convert(ctx, from, to, &o)
	end()
	if err != nil {
		return err
	}
	fmt.Println("Wrote", to)
	return nil
}

func parse(args []string) (from, to string, o faceclip.ConvertOptions, err error) {
	const usage = "convert makes one folder of a model, of the reference's .pt files or with other weights."
	_, err = cli.ParseFlags(usage, args, func(fs *flag.FlagSet) {
		fs.StringVar(&from, "from", "", "model `DIR`")
		fs.StringVar(&to, "to", "", "new `DIR`, which must not exist")
		fs.StringVar(&o.Base, "base", "", "base model's `DIR`, where -from holds the reference's .pt files")
		fs.Func("weights", "int8: round the weights of linear layers; bf16 or f16: those of all matrices (default as stored)",
			cli.Types(&o.Weights, tensor.I8, tensor.BF16, tensor.F16))
	})
	if err == nil && (from == "" || to == "") {
		err = errors.New("-from DIR and -to DIR are needed; see -h")
	}
	return from, to, o, err
}
