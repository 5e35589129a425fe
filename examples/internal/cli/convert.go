package cli

import (
	"errors"
	"flag"

	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Conversion is the flags of an example that converts a model.
type Conversion struct {
	From, To string
	Options  faceclip.ConvertOptions
}

// ParseConversion parses the flags of an example that converts a model.
func ParseConversion(usage string, args []string) (*Conversion, error) {
	c := &Conversion{}
	_, err := ParseFlags(usage, args, func(fs *flag.FlagSet) {
		fs.StringVar(&c.From, "from", "", "model `DIR`")
		fs.StringVar(&c.To, "to", "", "new `DIR`, which must not exist")
		fs.StringVar(&c.Options.Base, "base", "", "base model's `DIR`, where -from holds the reference's .pt files")
		fs.Func("weights", "int8: round the weights of linear layers; bf16 or f16: those of all matrices (default as stored)", func(s string) (err error) {
			c.Options.Weights, err = parseWeights(s, tensor.I8, tensor.BF16, tensor.F16)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if c.From == "" || c.To == "" {
		return nil, errors.New("-from DIR and -to DIR are needed; see -h")
	}
	return c, nil
}
