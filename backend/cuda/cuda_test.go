package cuda

import (
	"flag"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/backend/cuda/kernels"
)

var (
	hardware = flag.String("device", "", "run kernels on this `DEVICE`, such as cuda:0, and not in the interpreter of PTX")
	long     = flag.Bool("long", false, "check the kernels at the full sizes of both systems as well")
)

// TestConformance holds the kernels against loops in float64: in the interpreter on small shapes only.
func TestConformance(t *testing.T) {
	suite := backendtest.Run
	if *hardware == "" {
		suite = backendtest.RunSmall
	}
	suite(t, func(int) backend.Backend { return openTest(t) })
}

// TestConformanceLong does so at the full size, on hardware.
func TestConformanceLong(t *testing.T) {
	if *hardware == "" || !*long {
		t.Skip("needs -device NAME -long")
	}
	backendtest.RunLong(t, func(int) backend.Backend { return openTest(t) })
}

// openTest opens the device of the flag, or one without a GPU.
func openTest(t testing.TB) backend.Backend {
	t.Helper()
	b, err := backend.Open(*hardware, backend.Config{})
	if *hardware == "" {
		b, err = open(fake.New(fake.Options{Devices: 1}), 0, 0, kernels.PTX)
	}
	must(t, err)
	return b
}
