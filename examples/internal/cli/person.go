package cli

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/face"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini/trained"
)

// readPerson reads the faces or the photos of a request. Without either the miniature draws the first of its people.
func (f *Flags) readPerson(ctx context.Context, r *faceclip.Request) error {
	switch {
	case len(f.faces) > 0 && len(f.photos) > 0:
		return errors.New("-face and -photo: only one of them")
	case slices.Contains(f.photos, ""):
		return errors.New("-photo: empty")
	case slices.Contains(f.faces, ""):
		return errors.New("-face: empty")
	case len(f.photos) > 0:
		return readAll(ctx, f.photos, ReadImage, &r.Photo, &r.Photos)
	case len(f.faces) > 0:
		return readAll(ctx, f.faces, f.readFace, &r.Face, &r.Faces)
	case f.Model == "":
		return readAll(ctx, trained.Names()[:1], f.readFace, &r.Face, &r.Faces)
	}
	return nil
}

// readAll reads pictures into the field for one or, if there are more, that for several: errors name the field.
func readAll(ctx context.Context, files []string, read func(context.Context, string) (image.Image, error), one *image.Image, several *[]image.Image) error {
	var all []image.Image
	for _, file := range files {
		img, err := read(ctx, file)
		if err != nil {
			return err
		}
		all = append(all, img)
	}
	if *several = all; len(all) == 1 {
		*one, *several = all[0], nil
	}
	return nil
}

// readFace reads a face that is used as it is: a file or, without a model, one of the miniature's people.
func (f *Flags) readFace(ctx context.Context, name string) (image.Image, error) {
	if f.Model == "" && slices.Contains(trained.Names(), name) {
		return trained.Face(name)
	}
	img, err := ReadImage(ctx, name)
	if f.Model == "" && errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("-face %s: neither a file nor one of %s", name, strings.Join(trained.Names(), ", "))
	}
	return img, err
}

// ReadImage returns the picture in a file of any format that package face knows.
func ReadImage(ctx context.Context, file string) (image.Image, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for somebody to write into it
		return nil, fmt.Errorf("%s: not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, err := face.Decode(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return img, nil
}
