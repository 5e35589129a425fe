package main

import (
	"context"
	"fmt"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// showEstimate prints how long the plan would take at the speed measured now, in operations a second, which it returns.
func showEstimate(ctx context.Context, flags *cli.Flags, plan faceclip.Plan) (float64, error) {
	b, err := flags.Backend()
	if err != nil {
		return 0, err
	}
	defer b.Close()
	speed, err := measure(ctx, b, time.Second)
	if err != nil {
		return 0, err
	}
	fmt.Printf("\nThis machine multiplies at %.0f GFLOP/s. At that speed:\n", speed/1e9)
	for _, s := range plan.Stages {
		fmt.Printf("%10v %v\n", s.Stage, duration(float64(s.FLOPs)/speed))
	}
	fmt.Printf("%10s %v\n", "together", duration(float64(plan.FLOPs)/speed))
	if streamed := plan.Stages[faceclip.Denoising].Streamed; streamed > 0 {
		fmt.Printf("Reading the %.1f GB that a step streams goes on meanwhile; a slow disk makes it take longer.\n", gb(streamed))
	}
	return speed, nil
}

func duration(seconds float64) time.Duration {
	d := time.Duration(seconds * float64(time.Second))
	if d > time.Minute {
		return d.Round(time.Second)
	}
	return d.Round(time.Millisecond)
}

// measure returns the operations a second of a matrix product of the transformers' kind.
func measure(ctx context.Context, b backend.Backend, atLeast time.Duration) (float64, error) {
	const rows, outputs, inputs = 1024, 2048, 2048
	weights, err := b.Alloc(outputs * inputs * tensor.BF16.Size()) // zeros: what is multiplied does not matter
	if err != nil {
		return 0, err
	}
	w := backend.Weight{Matrix: tensor.Make(weights, 0, tensor.BF16, outputs, inputs)}
	product := func(s *backend.Stream) { s.Gemm(tensor.Tensor{}, s.New(rows, inputs), w, backend.GemmArgs{}) }
	cost := backend.Measure(b, backend.Types{Act: tensor.F32}, product)
	s, err := backend.NewStream(b, backend.Types{Act: tensor.F32}, cost.Peak)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	began, n := time.Now(), int64(0)
	for ; n == 0 || time.Since(began) < atLeast; n++ {
		if err := s.Do(ctx, func() { product(s) }); err != nil {
			return 0, err
		}
	}
	return float64(n*cost.FLOPs) / time.Since(began).Seconds(), nil
}
