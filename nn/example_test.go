package nn_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A constructor names its layers with their shapes. What does not fit a checkpoint is reported all at once, and what a
// forward pass takes is known without weights.
func Example() {
	src, err := nn.Keys(strings.NewReader("up.weight [64, 16]\nup.bias [64]\ndown.weight [16, 32]\nextra [1]\n"))
	if err != nil {
		log.Fatal(err)
	}
	device, err := cpu.Open(1)
	if err != nil {
		log.Fatal(err)
	}
	defer device.Close()

	p := nn.NewParams(context.Background(), src, device)
	up, down := p.Linear("up", 16, 64).With(backend.GELU), p.LinearNoBias("down", 64, 16)
	fmt.Println(p.Err())

	cost := backend.Measure(device, backend.Types{Act: tensor.F32}, func(s *backend.Stream) {
		down.Forward(s, up.Forward(s, s.New(1, 10, 16)))
	})
	fmt.Println(cost.FLOPs, "operations")
	// Output:
	// nn: checkpoint does not fit model: 0 missing, 1 mismatched, 1 unexpected; mismatched down.weight: model wants [16 64], file has [16 32]; unexpected extra
	// 40960 operations
}
