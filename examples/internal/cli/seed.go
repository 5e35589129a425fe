package cli

import (
	"errors"
	"flag"
	"math/rand/v2"
	"strconv"
)

const defaultSeed = 453563

// addSeed adds the flag of the seed.
func (f *Flags) addSeed(fs *flag.FlagSet) {
	f.seed = defaultSeed
	fs.Func("seed", "`NUMBER` that the noise is drawn from, of which the low 32 bits count; random: one that is drawn, and printed (default 453563)", f.setSeed)
}

// setSeed reads a seed as PyTorch takes it, any int64 or uint64, or draws one.
func (f *Flags) setSeed(text string) (err error) {
	if f.drawnSeed = text == "random"; f.drawnSeed {
		f.seed = int64(rand.Uint32())
		return nil
	}
	if f.seed, err = strconv.ParseInt(text, 0, 64); err == nil {
		return nil
	}
	unsigned, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return errors.New("want a whole number of 64 bits, with or without a sign, or random")
	}
	f.seed = int64(unsigned)
	return nil
}
