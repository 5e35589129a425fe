package nn

import (
	"strings"
	"testing"
)

// TestHeads has numbers of heads that attention cannot take.
func TestHeads(t *testing.T) {
	for want, c := range map[string][2]int{
		"":                             {4, 1024},
		"heads: 3 does not divide":     {3, 1024},
		"heads: 0 does not divide":     {0, 1024},
		"width 14000 with heads 1":     {1, 14000},
		"width 131072 with heads 8: 1": {8, 131072},
	} {
		err := CheckHeads(Size{"heads", c[0]}, Size{"width", c[1]})
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want an error that names %q", c, err, want)
		}
	}
}
