package face

import "strconv"

// Choose returns the face of a person: "" is the only one, "largest" the one with the largest crop, and a number, from
// 0, its place among faces. Errors are a NotFoundError, a SeveralError or a PersonError.
func Choose(faces []Face, person string) (Face, error) {
	switch {
	case len(faces) == 0:
		return Face{}, NotFoundError{}
	case person == "" && len(faces) > 1:
		return Face{}, SeveralError{faces}
	case person == "":
		return faces[0], nil
	case person == "largest":
		largest := faces[0]
		for _, f := range faces {
			if f.Side() > largest.Side() {
				largest = f
			}
		}
		return largest, nil
	}
	if i, err := strconv.Atoi(person); err == nil && i >= 0 && i < len(faces) {
		return faces[i], nil
	}
	return Face{}, PersonError{person, len(faces)}
}
