package benchmarks

import (
	"context"
	"errors"
	"flag"
	"image"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

var model = flag.String("model", "", "full-size model `DIR`, such as mkmodel writes, for the tests named Full")

// fullRequest is small enough to be run on two cores in a few minutes.
func fullRequest(t *testing.T) *faceclip.Request {
	r := &faceclip.Request{Face: image.NewGray(image.Rect(0, 0, 448, 448)), Prompt: "a portrait", Width: 512, Height: 512, Steps: 2}
	if isFLUX(t) {
		r.Width, r.Height, r.Guidance.Scale = 256, 256, 1 // one forward a step
	}
	return r
}

// isFLUX reports whether the model is FaceT5-FLUX.
func isFLUX(t *testing.T) bool {
	text, err := os.ReadFile(filepath.Join(*model, "model_index.json"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), "FaceT5FluxPipeline")
}

func openFull(t *testing.T, o *faceclip.Options) *faceclip.Pipeline {
	t.Helper()
	if *model == "" {
		t.Skip("no -model DIR")
	}
	began := time.Now()
	p, err := faceclip.Open(context.Background(), *model, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("Open took %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { p.Close() })
	return p
}

// TestFullMemory compares what Plan says with what the system counts.
func TestFullMemory(t *testing.T) {
	resetPeak(t)
	p := openFull(t, nil)
	skipFLUX(t)
	r := fullRequest(t)
	plan, err := p.Plan(r)
	if err != nil {
		t.Fatal(err)
	}
	anonymous := watch(t, "RssAnon")
	began := time.Now()
	if _, err := p.Generate(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	took, peak := time.Since(began), anonymous()
	t.Logf("Generate took %v, %.1f GFLOP/s", took.Round(time.Millisecond), float64(plan.FLOPs)/took.Seconds()/1e9)

	slack := float64(plan.Private)*0.05 + 32<<20
	t.Logf("private: %.1f MB planned, RssAnon at most %.1f MB", float64(plan.Private)/1e6, float64(peak)/1e6)
	if diff := float64(peak - plan.Private); diff > slack || diff < -slack {
		t.Errorf("private memory differs from the plan by %.1f MB", diff/1e6)
	}
	resident, weights := status(t, "VmHWM"), weightBytes(t)
	t.Logf("resident: at most %.2f GB, weights %.2f GB", float64(resident)/1e9, float64(weights)/1e9)
	if resident > weights+1_500_000_000 {
		t.Errorf("resident memory exceeds the weights by more than 1.5 GB")
	}
}

// skipFLUX skips what takes long with FaceT5-FLUX, of which TestFullLimit checks the memory.
func skipFLUX(t *testing.T) {
	if isFLUX(t) && !*long {
		t.Skip("takes half an hour with FaceT5-FLUX: -long runs it")
	}
}

// TestFullCancel cancels calls at random moments.
func TestFullCancel(t *testing.T) {
	p := openFull(t, nil)
	skipFLUX(t)
	began := time.Now()
	if _, err := p.Generate(context.Background(), fullRequest(t)); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(began)
	t.Logf("a call takes %v", whole.Round(time.Millisecond))
	cancelCalls(t, p, 20, whole*9/10, fullRequest(t))
}

// cancelCalls cancels n calls within the given time.
func cancelCalls(t *testing.T, p *faceclip.Pipeline, n int, within time.Duration, r *faceclip.Request) {
	t.Helper()
	var worst time.Duration
	for range n {
		ctx, cancel := context.WithCancel(context.Background())
		var cancelled time.Time
		timer := time.AfterFunc(rand.N(within), func() { cancelled = time.Now(); cancel() })
		_, err := p.Generate(ctx, r)
		returned := time.Now()
		timer.Stop()
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
		worst = max(worst, returned.Sub(cancelled))
	}
	t.Logf("%d cancelled calls returned after %v at most", n, worst)
	if worst > 100*time.Millisecond {
		t.Errorf("a cancelled call took %v to return", worst)
	}
}

func weightBytes(t *testing.T) int64 {
	t.Helper()
	total := int64(0)
	err := filepath.WalkDir(*model, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".safetensors" {
			return err
		}
		info, err := d.Info()
		total += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}
