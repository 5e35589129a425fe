package face

import (
	"errors"
	"image"
	"strings"
	"testing"
)

// at returns a face whose crop has a side and an upper left corner.
func at(x, y, side float64) Face {
	var f Face
	s := similarity{a: side / Size, x: x, y: y}
	for i, p := range Template {
		f.Points[i] = s.at(p)
	}
	f.Box = image.Rect(int(x), int(y), int(x+side), int(y+side))
	return f
}

func TestChoose(t *testing.T) {
	faces := []Face{at(0, 0, 100), at(200, 0, 300), at(600, 0, 200)}
	for person, want := range map[string]int{"0": 0, "1": 1, "2": 2, "largest": 1} {
		if f, err := Choose(faces, person); err != nil || f != faces[want] {
			t.Errorf("%s: %v, %v", person, f, err)
		}
	}
	tiny := []Face{at(5, 5, 30), faces[0], at(90, 90, 70)}
	for _, c := range [][]Face{faces[:1], tiny} {
		if f, err := Choose(c, ""); err != nil || f != faces[0] {
			t.Errorf("the only one of %d: %v, %v", len(c), f, err)
		}
	}
	if f, err := Choose(tiny[:1], ""); err != nil || f != tiny[0] {
		t.Errorf("the only one is tiny: %v, %v", f, err)
	}
	for _, c := range []struct {
		faces        []Face
		person, want string
	}{
		{nil, "", "another photo"}, {nil, "largest", "another photo"}, {faces, "", "1 at (200,0)-(500,300)"},
		{append(tiny, tiny[1]), "", "4 faces"}, {[]Face{tiny[0], tiny[2]}, "", "2 faces"},
		{faces, "3", "from 0 to 2"}, {faces, "-1", "from 0 to 2"}, {faces[:1], "tallest", "one face"},
	} {
		if _, err := Choose(c.faces, c.person); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d faces, %q: %v", len(c.faces), c.person, err)
		}
	}
}

func TestCheck(t *testing.T) {
	photo := image.Rect(0, 0, 1000, 800)
	for _, f := range []Face{at(100, 100, 200), at(100, 100, 80), at(-25, 100, 200), at(0, 0, 800)} {
		if err := Check(photo, f); err != nil {
			t.Errorf("%v: %v", f.Box, err)
		}
	}
	var small TooSmallError
	if err := Check(photo, at(100, 100, 70)); !errors.As(err, &small) || small.Side != 70 || small.Min != 80 {
		t.Errorf("small: %v", err)
	}
	var cut CutOffError
	if err := Check(photo, at(-50, 100, 200)); !errors.As(err, &cut) || cut.Outside != 0.25 {
		t.Errorf("cut off: %v", err)
	}
}
