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
	return "no face found: it must be seen from the front and lit; try another photo, or give an aligned face (Request.Face, -face)"
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
	return fmt.Sprintf("the face is cut off: %.0f %% of its crop lie outside of the photo, at most %.0f %% may; take a photo with the whole face, or give an aligned one (Request.Face, -face)", 100*e.Outside, 100*MaxOutside)
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

// MaxOutside is the share of a crop's area that may lie outside of the photo, unless the photo is the face and nothing else.
const MaxOutside = 0.15

// Check tells whether a face in a photo of the given bounds is good for a crop: it returns nil, a TooSmallError or a
// CutOffError. A photo that is the face and nothing else, such as what a detector has cut out, may cut off what is around eyes,
// nose and mouth: there the crop continues the photo's edge.
func Check(photo image.Rectangle, f Face) error {
	if f.tooSmall() {
		return TooSmallError{int(f.Side()), MinSide}
	}
	if outside := f.outside(photo); outside > MaxOutside && !f.fills(photo) {
		return CutOffError{outside}
	}
	return nil
}

// tooSmall tells whether a face is below MinSide. Its side is known within some per cent.
func (f Face) tooSmall() bool { return f.Side() < 0.96*MinSide }

// fills tells whether nearly all of the photo is in the crop, and all five points are well in the photo.
func (f Face) fills(photo image.Rectangle) bool {
	const most, well = 0.25, 0.05 // of the photo's area outside of the crop; of the crop's side
	for _, p := range f.Points {
		inset := well * f.Side()
		if !(p.X >= float64(photo.Min.X)+inset && p.Y >= float64(photo.Min.Y)+inset &&
			p.X <= float64(photo.Max.X)-1-inset && p.Y <= float64(photo.Max.Y)-1-inset) {
			return false
		}
	}
	back := fit(&f.Points, &Template)
	w, h := float64(photo.Dx()), float64(photo.Dy())
	missing := grid64(func(x, y float64) bool {
		p := back.at(Point{float64(photo.Min.X) + x*w - 0.5, float64(photo.Min.Y) + y*h - 0.5})
		return p.X >= -0.5 && p.Y >= -0.5 && p.X <= Size-0.5 && p.Y <= Size-0.5
	})
	return missing <= most
}

// grid64 returns the share of 64 × 64 points of a square of side 1 that are not inside.
func grid64(inside func(x, y float64) bool) float64 {
	const n = 64
	count := 0
	for y := range n {
		for x := range n {
			if !inside((float64(x)+0.5)/n, (float64(y)+0.5)/n) { // or nowhere, of a face that Find never made
				count++
			}
		}
	}
	return float64(count) / (n * n)
}

// outside returns the share of the crop's area that lies outside of the photo.
func (f Face) outside(photo image.Rectangle) float64 {
	s := fit(&Template, &f.Points)
	return grid64(func(x, y float64) bool {
		p := s.at(Point{x*Size - 0.5, y*Size - 0.5})
		return p.X >= float64(photo.Min.X)-0.5 && p.Y >= float64(photo.Min.Y)-0.5 &&
			p.X <= float64(photo.Max.X)-0.5 && p.Y <= float64(photo.Max.Y)-0.5
	})
}
