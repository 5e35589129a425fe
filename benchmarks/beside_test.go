package benchmarks

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/tensor"
)

var python = flag.String("python", "", "`FILE` of a Python with torch, diffusers and transformers, for TestBeside")

const besideRounds = 3

// TestBeside runs layers of FaceT5-FLUX and the same in PyTorch, by turns, and prints the medians.
func TestBeside(t *testing.T) {
	if *python == "" {
		t.Skip("no -python FILE")
	}
	torch := startTorch(t)
	for _, part := range fluxParts {
		t.Run(part.name, func(t *testing.T) {
			f := discard(part.make(bf16(t)))
			cost, once, peak := runner(t, f)
			once()
			torch(part.name) // makes the model
			var ours, theirs, peaks []float64
			for range besideRounds {
				ours, theirs, peaks = append(ours, once()), append(theirs, torch(part.name)), append(peaks, peak())
			}
			a, b, flops := median(ours), median(theirs), float64(cost.FLOPs)
			t.Logf("%.3f TFLOP, %d workers: ours %.2f s, %.0f GFLOP/s, %.0f %% of peak; PyTorch %.2f s, %.0f GFLOP/s; ratio %.2f",
				flops/1e12, workers, a, flops/a/1e9, 100*flops/a/median(peaks), b, flops/b/1e9, b/a)
		})
	}
}

// runner returns what f takes, a function that runs it once and returns the seconds it took, and one that measures the peak.
func runner(t *testing.T, f func(*backend.Stream)) (cost backend.Cost, once, peak func() float64) {
	t.Helper()
	device, err := cpu.Open(workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	cost = backend.Measure(device, backend.Types{Act: tensor.F32}, f)
	s, err := backend.NewStream(device, backend.Types{Act: tensor.F32}, cost.Peak)
	if err != nil {
		t.Fatal(err)
	}
	fillArena(s, cost.Peak)
	once = func() float64 {
		began := time.Now()
		if err := s.Do(context.Background(), func() { f(s) }); err != nil {
			t.Fatal(err)
		}
		return time.Since(began).Seconds()
	}
	return cost, once, func() float64 { return device.PeakFLOPS(tensor.F32, time.Second) }
}

// startTorch returns a function that runs a part in PyTorch once and returns the seconds it took.
func startTorch(t *testing.T) func(part string) float64 {
	t.Helper()
	cmd := exec.Command(*python, "pytorch/blocks.py", strconv.Itoa(workers))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	answers := bufio.NewReader(out)
	return func(part string) float64 {
		if _, err := io.WriteString(in, part+"\n"); err != nil {
			t.Fatal(err)
		}
		line, err := answers.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", part, err))
		}
		return seconds
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
