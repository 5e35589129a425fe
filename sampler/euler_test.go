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
	s, err := backend.NewStream(backendtest.Reference(), backend.Types{Act: tensor.F32}, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	asked := []At{}
	r := &Run{
		Stream:   s,
		Schedule: &Schedule{Timesteps: []float32{900, 300}, Sigmas: []float32{2, 0.5, 0}},
		X:        tensor.FromFloat32s([]float32{1, -2, 3}, 3),
		Kept:     []Tensor{s.New(3)},
		Predict: func(dst, x Tensor, at At) {
			asked = append(asked, at)
			s.Copy(dst, tensor.FromFloat32s([]float32{0.5, 4, -8}, 3))
		},
	}
	Euler{}.Step(r, 0)
	if want := []At{{Step: 0, Call: 0, Sigma: 2, T: 900, Scale: 0.44721359}}; !slices.Equal(asked, want) {
		t.Errorf("asked at %v, want %v", asked, want)
	}
	if got, want := tensor.Float32s(r.X), []float32{0.25, -8, 15}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := s.Floats(Euler{}.Clean(r, 0)), []float32{0, -10, 19}; !slices.Equal(got, want) {
		t.Errorf("clean: got %v, want %v", got, want)
	}
}
