package benchmarks

import (
	"context"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// deviceRequest is of the default size.
func deviceRequest(t *testing.T) *faceclip.Request {
	r := fullRequest(t)
	r.Width, r.Height, r.Steps = 864, 1152, 10
	return r
}

// TestFullDevice draws with the whole of -model on -device: how long steps take, what memory, and how soon a cancelled call returns.
func TestFullDevice(t *testing.T) {
	if *deviceName == "cpu" {
		t.Skip("no -device NAME")
	}
	p := openFull(t, &faceclip.Options{Device: *deviceName})
	r := deviceRequest(t)
	drawTimed(t, p, r, "with weights to be loaded")
	whole := drawTimed(t, p, r, "with weights loaded")
	cancelCalls(t, p, 20, whole*9/10, r)
}

// TestFullStreaming is TestFullDevice with less memory than the weights take.
func TestFullStreaming(t *testing.T) {
	if *deviceName == "cpu" {
		t.Skip("no -device NAME")
	}
	const memory = 12e9
	p := openFull(t, &faceclip.Options{Device: *deviceName, DeviceMemory: memory})
	r := deviceRequest(t)
	r.Steps = 3
	plan, err := p.Plan(r)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Device > memory {
		t.Errorf("%.2f GB of the device are planned, %.2f GB allowed", float64(plan.Device)/1e9, memory/1e9)
	}
	drawTimed(t, p, r, "within 12 GB")
}

// drawTimed logs how long a call took, and returns that.
func drawTimed(t *testing.T, p *faceclip.Pipeline, r *faceclip.Request, how string) time.Duration {
	t.Helper()
	plan, err := p.Plan(r)
	if err != nil {
		t.Fatal(err)
	}
	stages := map[faceclip.Stage]time.Duration{} // when each began
	var steps []time.Duration
	timed := *r
	timed.Progress = func(pr faceclip.Progress) {
		if _, begun := stages[pr.Stage]; !begun {
			stages[pr.Stage] = pr.Elapsed
		}
		if pr.Stage == faceclip.Denoising {
			steps = append(steps, pr.Elapsed)
		}
	}
	began := time.Now()
	if _, err := p.Generate(context.Background(), &timed); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	first, last := steps[min(1, len(steps)-1)], steps[len(steps)-1]
	denoising := plan.Stages[faceclip.Denoising]
	step := (last - first).Seconds() / float64(max(1, len(steps)-2))
	t.Logf("%s: %v in all; encoding %v, decoding %v; a step %.3f s, %.0f TFLOP/s", how, took.Round(time.Millisecond),
		(stages[faceclip.Denoising] - stages[faceclip.Encoding]).Round(time.Millisecond),
		(stages[faceclip.Done] - stages[faceclip.Decoding]).Round(time.Millisecond),
		step, float64(denoising.FLOPs)/float64(r.Steps)/step/1e12)
	for _, s := range plan.Stages {
		t.Logf("%v: planned %.2f GB of the device, %.2f GB resident, %.2f GB streamed a step, %d operations", s.Stage,
			float64(s.Device)/1e9, float64(s.Resident)/1e9, float64(s.Streamed)/1e9, s.Operations)
	}
	return took
}
