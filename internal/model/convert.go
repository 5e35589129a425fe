package model

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Conversion says what becomes of a model.
type Conversion struct {
	Base     string                  // as in Options
	Weights  tensor.DType            // I8, BF16 or F16; zero leaves all as it is
	Progress func(done, total int64) // called with the bytes that are done and all there are, if set

	// Network makes the networks of a folder's components, to know which weights may be int8 and whether all fit.
	Network func(context.Context, *Folder) error
}

// Convert copies the model in the folder from to a new folder to, which appears when it is complete.
func Convert(ctx context.Context, from, to string, c Conversion) error {
	switch c.Weights {
	case 0, tensor.I8, tensor.BF16, tensor.F16:
	default:
		return fmt.Errorf("ConvertOptions.Weights %v: only I8, BF16, F16 or 0, for as stored, is possible", c.Weights)
	}
	if err := absent(to); err != nil {
		return err
	}
	f, err := c.open(ctx, from, c.Base)
	if err != nil {
		return err
	}
	defer f.Close()
	hidden := filepath.Join(filepath.Dir(to), "."+filepath.Base(to))
	unlock, err := lock(hidden+".lock", to)
	if err != nil {
		return err
	}
	defer unlock()
	if err := absent(to); err != nil { // another call may just have finished
		return err
	}
	purpose, err := purposeOf(f, c)
	if err != nil {
		return err
	}
	work, err := openWork(ctx, hidden+".partial", purpose)
	if err != nil {
		return err
	}
	if err := c.fill(ctx, f, work); err != nil {
		if ctx.Err() == nil {
			os.RemoveAll(work.dir)
		}
		return err
	}
	return work.finish(to)
}

func absent(to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s: exists already", to)
	}
	return nil
}

// fill writes the model f to work and checks that it can be opened.
func (c *Conversion) fill(ctx context.Context, f *Folder, work *work) error {
	converter := converter{Conversion: c, ctx: ctx, work: work}
	if err := converter.all(f); err != nil {
		return err
	}
	check, err := c.open(ctx, work.dir, "")
	if err != nil {
		return err
	}
	return check.Close()
}

// open opens the folder of a model without its numbers: only names and shapes are read.
func (c *Conversion) open(ctx context.Context, dir, base string) (*Folder, error) {
	f, err := Open(ctx, safetensors.DirOf(dir), Options{Base: base, Shapes: true})
	if err != nil {
		return nil, err
	}
	if err := c.Network(ctx, f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
