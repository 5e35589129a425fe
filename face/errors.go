package face

import (
	"fmt"
	"image"
	"strings"
)

// A DecodeError tells what is wrong with the file of a photo: that it is of no format that is read, damaged, or too large.
type DecodeError struct {
	Format string // such as "PNG"; empty if it is not known
	Err    error
}

func (e DecodeError) Error() string {
	if e.Format == "" {
		return fmt.Sprintf("photo: %v", e.Err)
	}
	return fmt.Sprintf("photo: %s: %v", e.Format, e.Err)
}

func (e DecodeError) Unwrap() error { return e.Err }

// A NotFoundError tells that a photo shows no face that could be found.
type NotFoundError struct{}

func (NotFoundError) Error() string {
	return "no face found: it must be seen from the front, turned by 45° at most, and lit; try another photo"
}

// A TooSmallError tells that a face has too few pixels to know a person by.
type TooSmallError struct{ Side, Min int }

func (e TooSmallError) Error() string {
	return fmt.Sprintf("the face is too small: its crop has %d pixels a side, %d are needed; take a larger photo, do not enlarge this one", e.Side, e.Min)
}

// A CutOffError tells that the photo's edge cuts off too much of the face.
type CutOffError struct {
	Outside float64 // share of the crop's area that is outside of the photo
}

func (e CutOffError) Error() string {
	return fmt.Sprintf("the face is cut off: %.0f %% of its crop lie outside of the photo, at most %.0f %% may; take a photo with the whole face", 100*e.Outside, 100*MaxOutside)
}

// A SeveralError tells that a photo shows several faces, and none was chosen.
type SeveralError struct{ Faces []Face }

func (e SeveralError) Error() string {
	const most = 30
	var boxes []string
	for i, f := range e.Faces[:min(len(e.Faces), most)] {
		boxes = append(boxes, fmt.Sprintf("%d at %v", i, f.Box))
	}
	if len(e.Faces) > most {
		boxes = append(boxes, "…")
	}
	return fmt.Sprintf("%d faces: choose the person by number or \"largest\": %s", len(e.Faces), strings.Join(boxes, ", "))
}

// A PersonError tells that there is no such person.
type PersonError struct {
	Person string
	Faces  int
}

func (e PersonError) Error() string {
	if e.Faces == 1 {
		return fmt.Sprintf("person %.100q: there is one face; it is number 0, or \"largest\"", e.Person)
	}
	return fmt.Sprintf("person %.100q: want \"largest\" or a number from 0 to %d", e.Person, e.Faces-1)
}

// MaxOutside is the share of a crop's area that may lie outside of the photo.
const MaxOutside = 0.15

// Check tells whether a face in a photo of the given bounds is good for a crop: it returns nil, a TooSmallError or a
// CutOffError.
func Check(photo image.Rectangle, f Face) error {
	if f.tooSmall() {
		return TooSmallError{int(f.Side()), MinSide}
	}
	if outside := f.outside(photo); outside > MaxOutside {
		return CutOffError{outside}
	}
	return nil
}

// tooSmall tells whether a face is below MinSide. Its side is known within some per cent.
func (f Face) tooSmall() bool { return f.Side() < 0.96*MinSide }

// outside returns the share of the crop's area that lies outside of the photo, by looking at 64 × 64 points of it.
func (f Face) outside(photo image.Rectangle) float64 {
	const n = 64
	s := fit(&Template, &f.Points)
	count := 0
	for y := range n {
		for x := range n {
			p := s.at(Point{(float64(x)+0.5)*Size/n - 0.5, (float64(y)+0.5)*Size/n - 0.5})
			inside := p.X >= float64(photo.Min.X)-0.5 && p.Y >= float64(photo.Min.Y)-0.5 &&
				p.X <= float64(photo.Max.X)-0.5 && p.Y <= float64(photo.Max.Y)-0.5
			if !inside { // or nowhere, of a face that Find never made
				count++
			}
		}
	}
	return float64(count) / (n * n)
}
