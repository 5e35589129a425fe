package face

import (
	"context"
	"fmt"
	"image"

	"github.com/faceclip-go/faceclip-go/internal/picture"
)

// Crop finds the faces in a photo, chooses a person's and aligns it: [Find], [Choose], [Check] and [Align] in one call, with their
// errors.
func Crop(ctx context.Context, photo image.Image, person string) (*image.NRGBA, error) {
	photo, err := picture.Admit(photo, picture.MaxPixels)
	if err != nil {
		return nil, fmt.Errorf("photo: %w", err)
	}
	found, err := Find(ctx, photo)
	if err != nil {
		return nil, err
	}
	chosen, err := Choose(found, person)
	if err != nil {
		return nil, err
	}
	if err := Check(photo.Bounds(), chosen); err != nil {
		return nil, err
	}
	return Align(ctx, photo, chosen)
}

// Align returns the crop of a face: Size × Size pixels, opaque. Where pixels of the photo are smaller than the crop's, it
// averages. What lies outside of the photo gets the colour of the photo's edge. Alpha is dropped: of transparent pixels it takes
// the colour. Errors are as those of [Find]; a face that is out of all proportion to the photo, as none that was found is, is one,
// too.
func Align(ctx context.Context, img image.Image, f Face) (out *image.NRGBA, err error) {
	if img, err = picture.Admit(img, picture.MaxPixels); err != nil {
		return nil, fmt.Errorf("photo: %w", err)
	}
	err = picture.Guard(func() error {
		out, err = align(ctx, img, f)
		return err
	})
	return out, err
}

func align(ctx context.Context, img image.Image, f Face) (*image.NRGBA, error) {
	t := f.Transform()
	s := similarity{t[0], t[3], t[2], t[5]}
	source, err := newSource(ctx, img, s)
	if err != nil {
		return nil, err
	}
	out := image.NewNRGBA(image.Rect(0, 0, Size, Size))
	for y := range Size {
		for x := range Size {
			if ctx.Err() != nil { // a pixel of a large crop is the mean of many
				return nil, ctx.Err()
			}
			out.SetNRGBA(x, y, source.at(s.at(Point{float64(x), float64(y)})))
		}
	}
	return out, nil
}
