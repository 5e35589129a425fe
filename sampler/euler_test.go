package sampler

import (
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestEuler takes a step by hand: the noise is where the network says, and the picture on a straight line.
func TestEuler(t *testing.T) {
	s, err := backend.NewStream(backendtest.Reference(), tensor.F32, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	sch := &Schedule{Timesteps: []float32{900, 300}, Sigmas: []float32{2, 0.5, 0}}
	x, kept := tensor.FromFloat32s([]float32{1, -2, 3}, 3), []Tensor{s.New(3)}
	asked := []At{}
	Euler{}.Step(s, x, kept, sch, 0, func(dst, x Tensor, at At) {
		asked = append(asked, at)
		s.Copy(dst, tensor.FromFloat32s([]float32{0.5, 4, -8}, 3))
	})
	if want := []At{{Step: 0, Call: 0, Sigma: 2, T: 900}}; !slices.Equal(asked, want) {
		t.Errorf("asked at %v, want %v", asked, want)
	}
	if got, want := tensor.Float32s(x), []float32{0.25, -8, 15}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := s.Floats(Euler{}.Clean(s, x, kept, sch, 0)), []float32{0, -10, 19}; !slices.Equal(got, want) {
		t.Errorf("clean: got %v, want %v", got, want)
	}
}

// TestInitScale has the scale of flow matching; that of added noise is with the schedules.
func TestInitScale(t *testing.T) {
	if got := (Euler{}).InitScale(&Schedule{Sigmas: []float32{1, 0}, Flow: true}); got != 1 {
		t.Errorf("got %v, want 1", got)
	}
}
