package cpu

import (
	"flag"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

var long = flag.Bool("long", false, "run the tests that take minutes")

// TestConformance checks every kernel of every implementation that this machine can run.
func TestConformance(t *testing.T) {
	for _, k := range simd.Variants() {
		t.Run(k.Name, func(t *testing.T) {
			open := func(workers int) backend.Backend {
				b, err := open(workers, k)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			backendtest.Run(t, open)
			if k.Name != "generic" && !testing.Short() || *long {
				backendtest.RunReal(t, open)
			}
			if k.Name != "generic" && *long {
				backendtest.RunLong(t, open)
			}
		})
	}
}
