// Package face goes from a photo to the aligned picture of a face that FaceCLIP was trained on: it decodes the photo,
// finds faces and their landmarks, and crops a square in which eyes, nose and mouth lie where the model expects them.
package face

import "image"

// A Point is a position in pixels. The centre of the pixel in the upper left corner of a picture is its Bounds().Min.
type Point struct{ X, Y float64 }

// A Face is a face in a photo. All coordinates are the photo's pixels.
type Face struct {
	Box    image.Rectangle // upright square around the face; may leave the photo
	Points [5]Point        // eye, eye, nose, corner of the mouth, corner of the mouth; of each pair first the left one, as the crop shows them
	Score  float64         // how sure the detector is, from 12; larger is surer
}

// Transform returns a, b, c, d, e, f of the crop: its pixel (x, y) is taken from (a·x+b·y+c, d·x+e·y+f) in the photo.
// It scales, turns and shifts, and never mirrors: the one that takes Template closest to the face's points.
func (f Face) Transform() [6]float64 {
	s := fit(&Template, &f.Points)
	return [6]float64{s.a, -s.b, s.x, s.b, s.a, s.y}
}

// Side returns the side of the crop in the photo's pixels.
func (f Face) Side() float64 { return fit(&Template, &f.Points).scale() * Size }
