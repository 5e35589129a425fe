package nn

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
)

// What a configuration may ask for at most. The largest known width is a tenth of it; two of them, joined, are still as many
// channels as kernels take.
const (
	maxWidth  = backend.MaxChannels / 2
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

// CheckHeads returns an error if so many heads, which the field heads says, do not divide the width that the field width says,
// or leave each head more than attention takes.
func CheckHeads(heads, width Size) error {
	if heads.Value < 1 || width.Value%heads.Value != 0 {
		return fmt.Errorf("config: %s: %d does not divide %s %d", heads.Name, heads.Value, width.Name, width.Value)
	}
	return CheckHead(Size{fmt.Sprintf("%s %d with %s %d", width.Name, width.Value, heads.Name, heads.Value), width.Value / heads.Value})
}

// CheckHead returns an error if a head is wider than attention takes.
func CheckHead(width Size) error { return check(backend.MaxHead, []Size{width}) }
