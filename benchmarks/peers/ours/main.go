// Ours runs one network of a model's folder on the CPU, as peers.py wants it: once to warm up, then timed. It prints a line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

type options struct {
	work, network, compute, output string
	threads                        int
}

// A report is what is printed.
type report struct {
	Seconds  []float64 `json:"seconds"` // of the timed run
	Load     float64   `json:"load"`    // seconds until the end of the first run
	Peak     int64     `json:"peak"`    // VmHWM, bytes
	Running  int64     `json:"running"` // the same, counted from after the warm-up
	Kernels  string    `json:"kernels"`
	Versions string    `json:"versions"`
}

func main() {
	var o options
	flag.StringVar(&o.work, "work", "", "`DIR` with inputs.safetensors and the folder model")
	flag.StringVar(&o.network, "network", "unet", "unet, decoder or encoder")
	flag.StringVar(&o.compute, "compute", "f32", "what products are computed in: f32, bf16 or i8")
	flag.StringVar(&o.output, "output", "", "safetensors `FILE` for the results")
	flag.IntVar(&o.threads, "threads", runtime.NumCPU(), "how many cores compute")
	flag.Parse()
	if err := measure(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "ours:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, o options) error {
	types := backend.Types{Act: tensor.F32}
	if err := types.Compute.UnmarshalText([]byte(o.compute)); err != nil {
		return fmt.Errorf("-compute: %w", err)
	}
	began := time.Now()
	device, err := cpu.Open(o.threads)
	if err != nil {
		return err
	}
	defer device.Close()
	folder, err := model.Open(ctx, safetensors.DirOf(filepath.Join(o.work, "model")), model.Options{Backend: device, Compute: types.Compute})
	if err != nil {
		return err
	}
	defer folder.Close()
	inputs, err := safetensors.Open(safetensors.DirOf(o.work), "inputs.safetensors")
	if err != nil {
		return err
	}
	defer inputs.Close()
	if types.Compute == tensor.I8 && o.network == "encoder" {
		types.Compute = tensor.BF16 // as in a pipeline
	}
	n, err := open(ctx, folder, o.network)
	if err != nil {
		return err
	}
	results := map[string]tensor.Tensor{}
	forward := func(s *backend.Stream) { n.forward(s, inputs, results) }
	cost := backend.Measure(device, types, func(s *backend.Stream) { n.forward(s, inputs, nil) })
	s, err := backend.NewStream(device, types, cost.Peak)
	if err != nil {
		return err
	}
	defer s.Close()
	r := report{Kernels: device.Kernels(), Versions: runtime.Version()}
	if err := r.run(ctx, s, began, forward); err != nil {
		return err
	}
	if err := safetensors.WriteFile(o.output, nil, safetensors.Entries(results)); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// run runs f twice, and times the second.
func (r *report) run(ctx context.Context, s *backend.Stream, start time.Time, f func(*backend.Stream)) error {
	if err := s.Do(ctx, func() { f(s) }); err != nil {
		return err
	}
	r.Load = time.Since(start).Seconds()
	before := residentPeak()
	resetPeak()
	began := time.Now()
	if err := s.Do(ctx, func() { f(s) }); err != nil {
		return err
	}
	r.Seconds = []float64{time.Since(began).Seconds()}
	r.Running = residentPeak()
	r.Peak = max(before, r.Running)
	return nil
}
