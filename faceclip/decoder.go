package faceclip

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A decoder is the autoencoder of both systems, with the scale and the shift of its latents.
type decoder struct {
	config vae.Config
	net    *vae.Decoder
}

// decode returns the pixels [1, height, width, 3] of a finished latent [1, h, w, C].
func (d *decoder) decode(s *backend.Stream, t *trace, latent tensor.Tensor) tensor.Tensor {
	y := s.New(latent.Dim(0), latentFactor*latent.Dim(1), latentFactor*latent.Dim(2), 3)
	defer s.Release(s.Mark())
	z := s.Lincomb(tensor.Tensor{}, 1/d.config.Scaling, latent, 0, latent)
	if std := d.config.Std; std != nil {
		all := s.Table(func(dst []float32) {
			for i := range dst {
				dst[i] = std[i%len(std)]
			}
		}, z.Shape()...)
		s.Glu(z, z, all, backend.None)
		s.Add(z, z, vector(s, d.config.Mean))
	}
	if shift := d.config.Shift; shift != nil {
		s.Add(z, z, vector(s, []float32{*shift}))
	}
	d.net.Into(s, y, s.Activations(z))
	t.stage(s, y, "decoded")
	return y
}

// vector puts v on s.
func vector(s *backend.Stream, v []float32) tensor.Tensor {
	return s.Table(func(dst []float32) { copy(dst, v) }, len(v))
}

// readDecoder reads the configuration of a decoder for latents of so many channels.
func readDecoder(f *model.Folder, channels int) (decoder, error) {
	const name = "vae/config.json"
	c, err := model.ReadConfig[vae.Config](f, name)
	switch {
	case err != nil:
	case c.LatentChannels != channels:
		err = fmt.Errorf("%s: latent_channels %d, but the denoiser works on %d", f.Display(name), c.LatentChannels, channels)
	case c.Factor() != latentFactor:
		err = fmt.Errorf("%s: %d block_out_channels enlarge %d times, want %d", f.Display(name), len(c.Channels), c.Factor(), latentFactor)
	}
	return decoder{config: c}, err
}
