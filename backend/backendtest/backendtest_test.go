package backendtest

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
)

// TestReference holds the reference against itself for each type of activations: no test asks for anything that is not
// allowed.
func TestReference(t *testing.T) {
	if testing.Short() {
		t.Skip("runs on one goroutine")
	}
	run(t, func(int) backend.Backend { return Reference() }, smallTests())
}
