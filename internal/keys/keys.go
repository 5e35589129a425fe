// Package keys lists the tensors of the published checkpoints, for tests: a name and its dimensions a line. The lists are written
// by tools/goldens/keys.py.
package keys

import (
	"embed"
	"fmt"

	"github.com/faceclip-go/faceclip-go/nn"
)

//go:embed *.keys
var files embed.FS

// The checkpoints.
const (
	FaceCLIPEncoder = "face_clip_encoder"
	SDXLUNet        = "sdxl_unet"
	SDXLVAE         = "vae_sdxl"
	FaceT5Encoder   = "face_t5_encoder"
	FLUXDiT         = "flux_dit"
	FLUXVAE         = "vae_flux"
)

// Open returns the names and shapes of a checkpoint, without data.
func Open(checkpoint string) (nn.Source, error) {
	f, err := files.Open(checkpoint + ".keys")
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	defer f.Close()
	return nn.Keys(f)
}
