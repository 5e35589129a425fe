package cpu_test

import (
	"flag"
	"os"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

var long = flag.Bool("long", false, "check the kernels at the full sizes of both systems as well")

// TestConformance checks the best implementation, AVX2 alone and Go completely; those between are made of the same parts and of tiles
// that simd checks.
func TestConformance(t *testing.T) {
	conformance(t, func(t *testing.T, open func(workers int) backend.Backend) {
		switch name := os.Getenv(cpu.EnvVar); name {
		case cpu.Variants()[0], "avx2", "generic":
			backendtest.Run(t, open)
		default:
			backendtest.RunFew(t, open)
		}
	})
}

func TestConformanceLong(t *testing.T) {
	if !*long {
		t.Skip("needs -long")
	}
	conformance(t, func(t *testing.T, open func(workers int) backend.Backend) {
		switch name := os.Getenv(cpu.EnvVar); name {
		case cpu.Variants()[0], "avx2":
		case "generic":
			t.Skip("would take an hour without assembly")
		default:
			t.Skip("has the float32s of another one")
		}
		backendtest.RunLong(t, open)
	})
}

// conformance runs a suite with every implementation that this machine can run.
func conformance(t *testing.T, suite func(*testing.T, func(workers int) backend.Backend)) {
	for _, k := range simd.Variants() {
		t.Run(k.Name, func(t *testing.T) {
			t.Setenv(cpu.EnvVar, k.Name)
			suite(t, func(workers int) backend.Backend {
				b, err := cpu.Open(workers)
				if err != nil {
					t.Fatal(err)
				}
				if b.Kernels() != k.Name {
					t.Fatalf("runs %s instead of %s", b.Kernels(), k.Name)
				}
				return b
			})
		})
	}
}
