package faceclip

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// ConvertOptions say what becomes of a model.
type ConvertOptions struct {
	// Base is as in [Options].
	Base string
	// Weights is the new element type: tensor.I8 for the weights of the linear layers of denoiser and text encoders, tensor.BF16
	// or tensor.F16 for all matrices. Zero leaves all as it is, but for F8E4M3 and F8E5M2, which become BF16.
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
	err := model.Convert(ctx, from, filepath.Clean(to), model.Conversion{
		Base: o.Base, Weights: o.Weights, Progress: o.Progress,
		Network: func(ctx context.Context, f *model.Folder) error { _, err := openSystem(ctx, f); return err },
	})
	if err != nil {
		return wrap(ctx, fmt.Errorf("convert: %w", err))
	}
	return nil
}
