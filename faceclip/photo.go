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
		if b := photo.Bounds(); b.Dx() > maxSide || b.Dy() > maxSide || b.Dx()*b.Dy() > maxPixels {
			return fmt.Errorf("faceclip: Request.%s has %d×%d pixels, at most %d million are possible", names[i], b.Dx(), b.Dy(), maxPixels/1_000_000)
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

// What photos may be at most.
const (
	maxPhotos = 64
	maxPixels = 200_000_000 // of each
)

// align finds the person in each photo and puts the aligned crops in the place of the photos.
func (j *job) align(ctx context.Context) error {
	names, photos := j.photos()
	for i, photo := range photos {
		found, err := face.Find(ctx, photo)
		if err != nil {
			return fmt.Errorf("faceclip: Request.%s: %w", names[i], err)
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
