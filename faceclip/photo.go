package faceclip

import (
	"context"
	"errors"
	"fmt"
	"image"

	"github.com/faceclip-go/faceclip-go/face"
)

// pictures returns the images of a request, with the names of their fields.
func (r *Request) pictures() (names []string, images []image.Image) {
	if r.Face != nil {
		names, images = append(names, "Face"), append(images, r.Face)
	}
	if r.Photo != nil {
		names, images = append(names, "Photo"), append(images, r.Photo)
	}
	for i, photo := range r.Photos {
		names, images = append(names, fmt.Sprintf("Photos[%d]", i)), append(images, photo)
	}
	return names, images
}

// What photos may be at most.
const (
	maxPhotos = 64
	maxPixels = 200_000_000 // of each
)

// checkPerson checks how the person is given.
func (j *job) checkPerson() error {
	ways := 0
	for _, given := range []bool{j.Face != nil, j.Photo != nil, len(j.Photos) > 0} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return wrong(j.names[0], "of Face, Photo and Photos only one can be set")
	case j.Person != "" && (ways == 0 || j.Face != nil):
		return wrong("Person", "%q is for Photo or Photos", j.Person)
	case len(j.Photos) > maxPhotos:
		return wrong("Photos", "%d photos, at most %d", len(j.Photos), maxPhotos)
	}
	for i, img := range j.images {
		if err := guarded(j.names[i], func() error { return checkBounds(img, j.Face != nil) }); err != nil {
			return err
		}
	}
	return nil
}

// checkBounds checks the size of a face, which is used as it is, or of a photo, all of which is searched.
func checkBounds(img image.Image, aligned bool) error {
	if img == nil {
		return errors.New("is nil")
	}
	switch b := img.Bounds(); {
	case b.Empty():
		return fmt.Errorf("is empty: %v", b)
	case aligned:
		return nil
	case b.Dx() <= 0 || b.Dy() <= 0 || b.Dx() > maxSide || b.Dy() > maxSide: // bounds may be so wide that Dx overflows
		return fmt.Errorf("is %v, at most %d pixels a side are possible", b, maxSide)
	case b.Dx()*b.Dy() > maxPixels:
		return fmt.Errorf("has %d×%d pixels, at most %d million are possible", b.Dx(), b.Dy(), maxPixels/1_000_000)
	}
	return nil
}

// guarded runs f, which calls methods of an image of the caller's, and names the image in errors. A panic, such as that of a
// nil pointer in the interface, is an error too.
func guarded(name string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = wrong(name, "reading the image panics: %v", r)
		}
	}()
	if err = f(); err == nil || errors.As(err, new(*RequestError)) {
		return err
	}
	return &RequestError{name, err}
}

// lookAt fills in the faces as the network sees them, of size×size pixels: in photos it finds the person first.
func (j *job) lookAt(ctx context.Context, size int) error {
	for i, img := range j.images {
		err := guarded(j.names[i], func() (err error) {
			if j.Face == nil {
				if img, err = j.align(ctx, img); err != nil {
					return err
				}
			}
			j.faces = append(j.faces, facePixels(img, size))
			return nil
		})
		if ctx.Err() != nil { // whatever came of it
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// align returns the aligned crop of the person in a photo.
func (j *job) align(ctx context.Context, photo image.Image) (image.Image, error) {
	found, err := face.Find(ctx, photo)
	if err != nil {
		return nil, err
	}
	person, err := face.Choose(found, j.Person)
	if errors.As(err, new(face.PersonError)) {
		return nil, &RequestError{"Person", err}
	}
	if err != nil {
		return nil, err
	}
	if err := face.Check(photo.Bounds(), person); err != nil {
		return nil, err
	}
	return face.Align(photo, person), nil
}
