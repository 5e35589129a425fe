package face

import (
	"cmp"
	"slices"
	"strconv"
)

// Choose returns the face of a person: "" is the only one, or the only one that is large enough for a crop, "largest" the
// one with the largest crop, and a number, from 0, its place among faces. Errors are a NotFoundError, a SeveralError or a
// PersonError.
func Choose(faces []Face, person string) (Face, error) {
	switch {
	case len(faces) == 0:
		return Face{}, NotFoundError{}
	case person == "":
		return only(faces)
	case person == "largest":
		return slices.MaxFunc(faces, func(a, b Face) int { return cmp.Compare(a.Side(), b.Side()) }), nil
	}
	if i, err := strconv.Atoi(person); err == nil && i >= 0 && i < len(faces) {
		return faces[i], nil
	}
	return Face{}, PersonError{person, len(faces)}
}

// only returns the only face, apart from people far in the background, who have too few pixels to be meant.
func only(faces []Face) (Face, error) {
	switch large := slices.DeleteFunc(slices.Clone(faces), Face.tooSmall); {
	case len(large) == 1:
		return large[0], nil
	case len(faces) == 1:
		return faces[0], nil
	}
	return Face{}, SeveralError{faces}
}
