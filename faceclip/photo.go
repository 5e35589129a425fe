package faceclip

import (
	"context"
	"errors"
	"fmt"
	"image"

	"github.com/faceclip-go/faceclip-go/face"
)

// photos returns the photos of a request, by the names of their fields.
func (r *Request) photos() (names []string, photos []image.Image) {
	if r.Photo != nil {
		names, photos = append(names, "Photo"), append(photos, r.Photo)
	}
	for i, photo := range r.Photos {
		names, photos = append(names, fmt.Sprintf("Photos[%d]", i)), append(photos, photo)
	}
	return names, photos
}

// checkPerson checks how the person is given.
func (j *job) checkPerson() error {
	ways := 0
	for _, given := range []bool{j.Face != nil, j.Photo != nil, len(j.Photos) > 0} {
		if given {
			ways++
		}
	}
	names, photos := j.photos()
	for i, photo := range photos {
		if photo == nil || photo.Bounds().Empty() {
			return fmt.Errorf("faceclip: Request.%s is nil or empty", names[i])
		}
	}
	switch {
	case ways > 1:
		return errors.New("faceclip: of Request.Face, Photo and Photos only one can be set")
	case j.Face != nil && j.Face.Bounds().Empty():
		return fmt.Errorf("faceclip: Request.Face is empty: %v", j.Face.Bounds())
	case j.Person != "" && len(photos) == 0:
		return fmt.Errorf("faceclip: Request.Person %q is for Request.Photo or Photos", j.Person)
	case len(photos) > maxPhotos:
		return fmt.Errorf("faceclip: Request.Photos: %d photos, at most %d", len(photos), maxPhotos)
	}
	return nil
}

const maxPhotos = 64

// align finds the person in each photo and puts the aligned crops in the place of the photos.
func (j *job) align(ctx context.Context) error {
	names, photos := j.photos()
	for i, photo := range photos {
		found, err := face.Find(ctx, photo)
		if err != nil {
			return err
		}
		person, err := face.Choose(found, j.Person)
		if err == nil {
			err = face.Check(photo.Bounds(), person)
		}
		if err != nil {
			return fmt.Errorf("faceclip: Request.%s: %w", names[i], err)
		}
		j.faces[i] = face.Align(photo, person)
	}
	return nil
}
