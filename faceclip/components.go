package faceclip

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Component is a part of a model that has weights of its own. All of them fit the network: otherwise Open had failed.
type Component struct {
	Name    string // of its folder in the layout of diffusers, such as unet
	Path    string // its file, or the folder of its files
	Tensors int
	Bytes   int64          // of its files
	DTypes  []tensor.DType // that occur in the files
}

// Components lists the encoder, the denoiser and the decoder; nothing after Close.
func (p *Pipeline) Components() []Component {
	var all []Component
	for _, c := range p.folder.Parts {
		if !p.closed.Load() {
			d := Component(c.Info)
			d.DTypes = slices.Clone(d.DTypes)
			all = append(all, d)
		}
	}
	return all
}
