package faceclip

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/faceclip-go/faceclip-go/face"
	"github.com/faceclip-go/faceclip-go/internal/picture"
)

// pictures returns the images of a request, with the names of their fields.
func (r *Request) pictures() (names []string, images []image.Image) {
	if r.Face != nil {
		names, images = append(names, "Face"), append(images, r.Face)
	}
	for i, face := range r.Faces {
		names, images = append(names, fmt.Sprintf("Faces[%d]", i)), append(images, face)
	}
	if r.Photo != nil {
		names, images = append(names, "Photo"), append(images, r.Photo)
	}
	for i, photo := range r.Photos {
		names, images = append(names, fmt.Sprintf("Photos[%d]", i)), append(images, photo)
	}
	return names, images
}

const maxPhotos = 64 // and faces

// aligned reports whether the images are faces that are used as they are.
func (r *Request) aligned() bool { return r.Face != nil || len(r.Faces) > 0 }

// checkPerson checks how the person is given.
func (j *job) checkPerson() error {
	ways := 0
	for _, given := range []bool{j.Face != nil, len(j.Faces) > 0, j.Photo != nil, len(j.Photos) > 0} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return wrong(j.names[0], "of Face, Faces, Photo and Photos only one can be set")
	case j.Person != "" && (ways == 0 || j.aligned()):
		return wrong("Person", "%q is for Photo or Photos", j.Person)
	case len(j.Photos) > maxPhotos:
		return wrong("Photos", "%d photos, at most %d", len(j.Photos), maxPhotos)
	case len(j.Faces) > maxPhotos:
		return wrong("Faces", "%d faces, at most %d", len(j.Faces), maxPhotos)
	}
	return j.admit()
}

// admit checks the images before they are looked at, and pins their bounds.
func (j *job) admit() error {
	most := picture.MaxPixels
	if j.aligned() { // of which the network sees some pixels only
		most = math.MaxInt
	}
	for i, img := range j.images {
		img, err := picture.Admit(img, most)
		if err != nil {
			return &RequestError{j.names[i], err}
		}
		switch b := img.Bounds(); {
		case b.Empty():
			return wrong(j.names[i], "is empty: %v", b)
		case !j.aligned() && max(b.Dx(), b.Dy()) > maxSide:
			return wrong(j.names[i], "is %v, at most %d pixels a side are possible", b, maxSide)
		}
		j.images[i] = img
	}
	return nil
}

// searchBytes are those that finding the faces in the photos takes.
func (j *job) searchBytes() int64 {
	if j.aligned() || len(j.images) == 0 {
		return 0
	}
	var pixels int64
	for _, photo := range j.images {
		pixels += int64(photo.Bounds().Dx()) * int64(photo.Bounds().Dy())
	}
	return face.Memory(pixels)
}

// lookAt fills in the faces as the network sees them. It finds the person in photos when there is memory for that.
func (p *Pipeline) lookAt(ctx context.Context, j *job) error {
	return p.holding(ctx, j.searchBytes(), func() error { return j.lookAt(ctx, p.system.faceSize) })
}

func (j *job) lookAt(ctx context.Context, size int) error {
	for i, img := range j.images {
		err := picture.Guard(func() (err error) {
			if !j.aligned() {
				if img, err = j.align(ctx, img); err != nil {
					return err
				}
			}
			j.faces = append(j.faces, facePixels(ctx, img, size))
			return nil
		})
		switch {
		case ctx.Err() != nil: // whatever came of it
			return ctx.Err()
		case errors.As(err, new(*RequestError)):
			return err
		case err != nil:
			return &RequestError{j.names[i], err}
		}
	}
	return nil
}

// align returns the aligned crop of the person in a photo.
func (j *job) align(ctx context.Context, photo image.Image) (image.Image, error) {
	crop, err := face.Crop(ctx, photo, j.Person)
	if errors.As(err, new(face.PersonError)) {
		return nil, &RequestError{"Person", err}
	}
	if err != nil {
		return nil, err
	}
	return crop, nil
}
