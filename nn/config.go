package nn

import "fmt"

// What a configuration may ask for at most. The largest known model has less than a twentieth of it.
const (
	maxWidth  = 1 << 20
	maxLayers = 1000
)

// A Size is a number of a configuration, with the name of its field.
type Size struct {
	Name  string
	Value int
}

// CheckWidths returns an error that names the first width, vocabulary or other number of elements that is impossible.
func CheckWidths(sizes ...Size) error { return check(maxWidth, sizes) }

// CheckLayers returns an error that names the first number of layers that is impossible.
func CheckLayers(sizes ...Size) error { return check(maxLayers, sizes) }

func check(most int, sizes []Size) error {
	for _, s := range sizes {
		if s.Value < 1 || s.Value > most {
			return fmt.Errorf("config: %s: %d is not between 1 and %d", s.Name, s.Value, most)
		}
	}
	return nil
}

// CheckHeads returns an error if so many heads, which the field heads says, do not divide the width that the field width says.
func CheckHeads(heads, width Size) error {
	if heads.Value < 1 || width.Value%heads.Value != 0 {
		return fmt.Errorf("config: %s: %d does not divide %s %d", heads.Name, heads.Value, width.Name, width.Value)
	}
	return nil
}
