package backend_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
)

func TestOpen(t *testing.T) {
	backend.Register("test", func(c backend.Config) (backend.Backend, error) {
		if c.Arg == "broken" {
			return nil, errors.New("broken")
		}
		return backendtest.Reference(), nil
	})
	if b, err := backend.Open("test:0", backend.Config{}); err != nil || b.Name() != "reference" {
		t.Errorf("%v, %v", b, err)
	}
	if _, err := backend.Open("test:broken", backend.Config{}); err == nil {
		t.Error("the driver's error is lost")
	}
	if _, err := backend.Open("cuda:0", backend.Config{}); err == nil || !strings.Contains(err.Error(), `"cuda:0"`) || !strings.Contains(err.Error(), "test") {
		t.Errorf("got %v", err)
	}
}

// TestOpenAuto checks that the CPU is what is opened if nothing else can be, and only then.
func TestOpenAuto(t *testing.T) {
	opens := false
	backend.Register("cpu", func(backend.Config) (backend.Backend, error) { return nil, errors.New("the processor") })
	for _, kind := range []string{"a", "test"} { // one after the other in the alphabet
		backend.Register(kind, func(backend.Config) (backend.Backend, error) {
			if !opens {
				return nil, errors.New(kind)
			}
			return backendtest.Reference(), nil
		})
	}
	if b, err := backend.Open(backend.Auto, backend.Config{}); err == nil || err.Error() != "the processor" {
		t.Errorf("%v, %v", b, err)
	}
	opens = true
	if b, err := backend.Open(backend.Auto, backend.Config{}); err != nil || b.Name() != "reference" {
		t.Errorf("%v, %v", b, err)
	}
}

func TestMemoryError(t *testing.T) {
	err := &backend.MemoryError{Need: 3e9, Have: math.MaxInt32}
	if !strings.Contains(err.Error(), "3.00 GB") || !strings.Contains(err.Error(), "2.14 GB") {
		t.Error(err)
	}
	err = &backend.MemoryError{Need: 1_500_000_001, Have: 1_500_000_000}
	if !strings.Contains(err.Error(), "1.51 GB") || !strings.Contains(err.Error(), "1.50 GB") {
		t.Error(err)
	}
}

// A forward pass allocates its result, marks the arena, and leaves nothing else behind.
