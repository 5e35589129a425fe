package faceclip

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// ConvertOptions say what becomes of a model.
type ConvertOptions struct {
	// Base is as in [Options].
	Base string
	// Weights is the new element type: tensor.I8 for the weights of the linear layers of denoiser and text encoders, tensor.BF16
	// or tensor.F16 for all matrices. Zero leaves all as it is.
	Weights tensor.DType
	// Progress, if set, is called with the bytes of weights that are done, and with all there are.
	Progress func(done, total int64)
}

// Convert copies the model in the folder from to a new folder to, in the layout of diffusers, with weights of another type:
// then no memory is needed to convert them when the model is opened, nor the base model's folder. A weight K of int8 has
// its scales, one for each row, beside it as K_scale. SHA256SUMS has the sums of all files.
//
// The folder appears when it is complete. If the call is cancelled or the program ends, what is finished stays in a hidden
// folder beside it, and the same call goes on from there; after another error nothing stays. Where files can be mapped, less
// than 1 GB of memory is used.
func Convert(ctx context.Context, from, to string, o *ConvertOptions) error {
	if o == nil {
		o = &ConvertOptions{}
	}
	if err := convert(ctx, from, filepath.Clean(to), *o); err != nil {
		return fmt.Errorf("faceclip: convert: %w", err)
	}
	return nil
}

func convert(ctx context.Context, from, to string, o ConvertOptions) error {
	switch o.Weights {
	case 0, tensor.I8, tensor.BF16, tensor.F16:
	default:
		return fmt.Errorf("ConvertOptions.Weights %v: only I8, BF16, F16 or 0, for as stored, is possible", o.Weights)
	}
	if err := absent(to); err != nil {
		return err
	}
	f, err := openShapes(ctx, from, o.Base)
	if err != nil {
		return err
	}
	defer f.close()
	hidden := filepath.Join(filepath.Dir(to), "."+filepath.Base(to))
	unlock, err := lock(hidden+".lock", to)
	if err != nil {
		return err
	}
	defer unlock()
	if err := absent(to); err != nil { // another call may just have finished
		return err
	}
	purpose, err := describe(f, o)
	if err != nil {
		return err
	}
	work, err := openWork(ctx, hidden+".partial", purpose)
	if err != nil {
		return err
	}
	if err := fill(ctx, f, work, o); err != nil {
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
func fill(ctx context.Context, f *folder, work *work, o ConvertOptions) error {
	c := converter{ctx: ctx, options: o, work: work}
	if err := c.all(f); err != nil {
		return err
	}
	check, err := openShapes(ctx, work.dir, "")
	if err != nil {
		return err
	}
	return check.close()
}

// openShapes opens the folder of a model without its numbers: only names and shapes are read.
func openShapes(ctx context.Context, dir, base string) (*folder, error) {
	f, err := newFolder(safetensors.DirOf(dir), base, nil) // nothing is put on a device
	if err != nil {
		return nil, err
	}
	f.shapes = true
	if _, err := f.network(ctx); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}
