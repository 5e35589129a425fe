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
	run(t, func(int) backend.Backend { return Reference() }, smallTests(), someComputing)
}

// TestUnfused holds a reference that has its norms computed before its convolutions against the specification.
func TestUnfused(t *testing.T) {
	run(t, func(int) backend.Backend { return unfused{Reference().(*reference)} }, few(convTests()), 1)
}

type unfused struct{ *reference }

func (unfused) FusesNorm() bool { return false }
func (unfused) FusesGlu() bool  { return false }

func (u unfused) Conv2D(dst, x Tensor, w backend.Weight, a backend.ConvArgs) {
	if a.Norm.Groups > 0 {
		panic("a norm is left to the device")
	}
	u.reference.Conv2D(dst, x, w, a)
}
