package cli

import (
	"errors"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// A Conversion is the flags of an example that converts a model.
type Conversion struct {
	From, To string
	Options  faceclip.ConvertOptions
}

// ParseConversion parses the flags of an example that converts a model.
func ParseConversion(usage string, args []string) (*Conversion, error) {
	c, f := &Conversion{}, &Flags{}
	fs := newFlagSet(usage)
	fs.StringVar(&c.From, "from", "", "model `DIR`")
	fs.StringVar(&c.To, "to", "", "new `DIR`, which must not exist")
	fs.Func("weights", "int8: round the weights of linear layers (default as stored)", func(s string) (err error) {
		c.Options.Weights, err = parseWeights(s)
		return err
	})
	if err := f.parse(fs, args); err != nil {
		return nil, err
	}
	if c.From == "" || c.To == "" {
		return nil, errors.New("-from DIR and -to DIR are needed; see -h")
	}
	return c, nil
}
