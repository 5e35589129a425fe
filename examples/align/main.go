// Align finds the face in a photo and writes it as the model wants it, aligned and cropped:
//
//	go run ./examples/align -i photo.jpg -o face.png -debug overlay.png
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"os"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/face"
)

func main() { cli.Main(align) }

func align(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	for name, file := range map[string]string{"-o": o.out, "-debug": o.debug} {
		if file == "" {
			continue
		}
		if err := cli.TryPicture(file); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	img, faces, err := find(ctx, o.in)
	if err != nil {
		return err
	}
	if o.json {
		if err := writeJSON(os.Stdout, faces); err != nil {
			return err
		}
	}
	if o.debug != "" {
		if err := cli.WritePicture(o.debug, overlay(img, faces)); err != nil {
			return err
		}
	}
	return o.writeCrop(ctx, img, faces)
}

// writeCrop writes the crop of the person who was asked for. It checks that there is one even if no crop is wanted.
func (o options) writeCrop(ctx context.Context, img image.Image, faces []face.Face) error {
	chosen, err := face.Choose(faces, o.person)
	if err != nil {
		return fmt.Errorf("%s: %w", o.in, err)
	}
	if o.out == "" {
		return nil
	}
	if err := face.Check(img.Bounds(), chosen); err != nil {
		return fmt.Errorf("%s: %w", o.in, err)
	}
	crop, err := face.Align(ctx, img, chosen)
	if err != nil {
		return fmt.Errorf("%s: %w", o.in, err)
	}
	if err := cli.WritePicture(o.out, crop); err != nil {
		return err
	}
	if !o.json {
		fmt.Println("Wrote", o.out)
	}
	return nil
}

type options struct {
	in, out, debug, person string
	json                   bool
}

func parse(args []string) (o options, err error) {
	_, err = cli.ParseFlags("align finds the face in a photo and writes it aligned and cropped.", args, func(fs *flag.FlagSet) {
		fs.StringVar(&o.in, "i", "", "photo `FILE`: JPEG, PNG, WebP, GIF, TIFF or BMP")
		fs.StringVar(&o.out, "o", "", "aligned face `FILE`, a PNG or JPEG")
		fs.StringVar(&o.debug, "debug", "", "`FILE` for the photo with boxes and landmarks drawn into it, a PNG or JPEG")
		fs.StringVar(&o.person, "person", "0", "largest, or the number of a `FACE`, from 0, the surest")
		fs.BoolVar(&o.json, "json", false, "write all faces to stdout as JSON, the surest first")
	})
	if err == nil && (o.in == "" || o.out == "" && o.debug == "" && !o.json) {
		err = errors.New("-i FILE and at least one of -o, -debug, -json are needed; see -h")
	}
	return o, err
}

func find(ctx context.Context, path string) (image.Image, []face.Face, error) {
	img, err := cli.ReadImage(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	faces, err := face.Find(ctx, img)
	return img, faces, err
}
