// Package likeness measures what drawn portraits of drawn persons show: who it is, in what clothes and before what wall. The
// persons, what is known of them, and a small network that reads it off a portrait come from tools/demo. For tests.
package likeness

import (
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io/fs"
)

// A Set is persons whom no training has seen.
type Set struct {
	Traits      []Classes // of a person, in the order of the reader's results
	SceneTraits []Classes // of a scene
	Parts       []string  // of a face
	Palette     []Colour
	Regions     Regions
	Persons     []Person

	Faces []image.Image `json:"-"` // aligned, of each person
}

// Classes are the values that a trait may have.
type Classes struct {
	Name   string
	Values []string
}

// A Colour is one that captions name.
type Colour struct {
	Name string
	RGB  [3]int
}

// Regions are where colours are looked at: rows and columns [y0, y1, x0, x1] of a portrait.
type Regions struct {
	Wall, Shoulders, Chest [][4]int
	HairOnShoulders        []string // hair styles: then the chest is looked at
}

// A Person is what is known of one.
type Person struct {
	Traits  []int // the value of each
	Numbers []float64
	Scenes  []Scene
}

// A Scene is what a person is drawn in.
type Scene struct {
	Traits  []int
	Caption string // says nothing of the person
}

// ReadSet reads persons.json and faces.png, which has the faces one below the other.
func ReadSet(dir fs.FS) (*Set, error) {
	text, err := fs.ReadFile(dir, "persons.json")
	if err != nil {
		return nil, err
	}
	s := &Set{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("persons.json: %w", err)
	}
	f, err := dir.Open("faces.png")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("faces.png: %w", err)
	}
	side := all.Bounds().Dx()
	for i := range s.Persons {
		face := image.NewNRGBA(image.Rect(0, 0, side, side))
		draw.Draw(face, face.Rect, all, image.Pt(0, i*side), draw.Src)
		s.Faces = append(s.Faces, face)
	}
	return s, nil
}

// value returns the name of the value that a trait has.
func value(traits []Classes, name string, values []int) string {
	for i, c := range traits {
		if c.Name == name {
			return c.Values[values[i]]
		}
	}
	panic("likeness: no trait " + name)
}
