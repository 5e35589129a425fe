package faceclip

import (
	"context"
	"image"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// previewSide is the largest side of a latent that a preview decodes.
const previewSide = 32

// preview decodes the clean latent x - σ·d that derivative d predicts for x at σ, shrunk.
func (p *Pipeline) preview(ctx context.Context, s *backend.Stream, run denoiser, x, d tensor.Tensor, sigma float32) (image.Image, error) {
	var img *image.NRGBA
	err := s.Do(ctx, func() {
		clean := s.Lincomb(tensor.Tensor{}, 1, x, -sigma, d)
		small := shrink(run.latent(tensor.FromFloat32s(s.Floats(clean), clean.Shape()...)), previewSide)
		img = p.paint(s, nil, small)
	})
	if err != nil {
		return nil, wrap(err)
	}
	return img, nil
}

// shrunk returns the size of an h×w image whose larger side is cut to side, in proportion.
func shrunk(h, w, side int) (int, int) {
	if long := max(h, w); long > side {
		h, w = max(1, h*side/long), max(1, w*side/long)
	}
	return h, w
}

// shrink returns the means of the cells of a grid over x [1, h, w, C], with sides of at most side.
func shrink(x tensor.Tensor, side int) tensor.Tensor {
	h, w, channels := x.Dim(1), x.Dim(2), x.Dim(3)
	rows, cols := shrunk(h, w, side)
	in, out := tensor.Float32s(x), make([]float32, rows*cols*channels)
	for r := range rows {
		top, bottom := r*h/rows, (r+1)*h/rows
		for c := range cols {
			left, right := c*w/cols, (c+1)*w/cols
			cell := out[(r*cols+c)*channels:][:channels]
			for y := top; y < bottom; y++ {
				for i, v := range in[(y*w+left)*channels : (y*w+right)*channels] {
					cell[i%channels] += v / float32((bottom-top)*(right-left))
				}
			}
		}
	}
	return tensor.FromFloat32s(out, 1, rows, cols, channels)
}
