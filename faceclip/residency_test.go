package faceclip

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestResidency checks for many budgets that what stays, and the two blocks that are in use or on their way, fit.
func TestResidency(t *testing.T) {
	for range 200 {
		r := residency{sizes: []int64{rand.Int64N(100)}}
		var all, largest int64
		for range 1 + rand.IntN(60) {
			size := 1 + rand.Int64N(1000)
			r.sizes = append(r.sizes, size)
			all, largest = all+size, max(largest, size)
		}
		budget := rand.Int64N(2 * (all + 100))
		outside, sizes := r.sizes[0], r.sizes
		r = residencyOf(sizes, budget)
		switch {
		case all+outside <= budget && r.streams():
			t.Errorf("%v: budget %d is enough, but %v", sizes, budget, r.stays)
		case all+outside > budget && !r.streams():
			t.Errorf("%v: budget %d is not enough, but all stays", sizes, budget)
		case r.streams() && r.bytes > outside && r.bytes+2*largest > budget:
			t.Errorf("%v: budget %d, %d stay", sizes, budget, r.bytes)
		}
		uses, once := make([]int, len(sizes)), make([]int, len(sizes))
		for i := range uses {
			uses[i], once[i] = 2, 1
		}
		if got, want := r.read(uses), 2*(all+outside-r.bytes); got != want || r.read(once) != want/2 {
			t.Errorf("%v: two passes read %d bytes, want %d", sizes, got, want)
		}
		// What stays is spread, so that the budget's share of any beginning of the pass is used but for one block.
		if spare := budget - 2*largest - outside - (r.bytes - outside); r.streams() && budget > outside+2*largest && spare > 2*largest {
			t.Errorf("%v: budget %d, %d stay, %d more would fit", sizes, budget, r.bytes, spare)
		}
	}
}

// TestStreamed checks that a guided step of FLUX, which is two forwards, reads twice what one of them reads.
func TestStreamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	must(t, os.CopyFS(dir, minis["flux"]))
	p, err := Open(context.Background(), dir, nil)
	must(t, err)
	defer p.Close()
	p.limit = 1 // nothing stays
	guided, err := p.Plan(&Request{Guidance: 2})
	must(t, err)
	single, err := p.Plan(&Request{Guidance: 1})
	must(t, err)
	for _, stage := range []Stage{Encoding, Denoising} {
		two, one := guided.Stages[stage], single.Stages[stage]
		if one.Streamed == 0 || two.Streamed != 2*one.Streamed || two.Resident != one.Resident || one.Streamed+one.Resident > one.Mapped {
			t.Errorf("%v: guided %+v, else %+v", stage, two, one)
		}
	}
}

// streaming opens a miniature on disk with so little memory that nothing stays.
func streaming(t *testing.T, model fs.FS) (p *Pipeline, dir string) {
	t.Helper()
	dir = copyOf(t, model)
	p, err := Open(context.Background(), dir, nil)
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p, dir
}

// stream draws with nothing that stays.
func stream(ctx context.Context, p *Pipeline, r *Request) error {
	j, err := p.resolve(r)
	if err != nil {
		return err
	}
	plan, err := p.plan(j)
	if err != nil {
		return err
	}
	for stage := range plan.Stages {
		plan.Stages[stage].residency = residencyOf(p.net.components()[stage].sizes, 0)
	}
	return p.exclusively(ctx, func() error {
		_, err := p.draw(ctx, j, plan)
		return err
	})
}

// TestStreamingCancelled cancels calls that stream at random moments: they return, and leave no goroutine.
func TestStreamingCancelled(t *testing.T) {
	for _, files := range minis {
		p, _ := streaming(t, files)
		before := runtime.NumGoroutine()
		for range 20 {
			ctx, cancel := context.WithTimeout(context.Background(), rand.N(60*time.Millisecond))
			if err := stream(ctx, p, small16()); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
		}
		for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 {
			if wait > time.Second {
				t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
			}
			time.Sleep(wait)
		}
	}
}

// TestStreamingCut cuts a file that is streamed.
func TestStreamingCut(t *testing.T) {
	p, dir := streaming(t, minis["flux"])
	file := "transformer/diffusion_pytorch_model-00002-of-00002.safetensors"
	must(t, os.Truncate(filepath.Join(dir, file), 4096))
	if err := stream(context.Background(), p, small16()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v, want an error that names %s", err, file)
	}
}

func TestStreamingPreview(t *testing.T) {
	for _, files := range minis {
		p, _ := streaming(t, files)
		r, previews := small16(), 0
		r.Progress = func(pr Progress) {
			if pr.Preview == nil {
				return
			}
			if img, err := pr.Preview(); err != nil || img.Bounds().Dx() != 32 {
				t.Errorf("preview: %v", err)
			}
			previews++
		}
		if err := stream(context.Background(), p, r); err != nil || previews != r.Steps {
			t.Errorf("%d previews, %v", previews, err)
		}
	}
}

// TestPlanWhileClosing calls Plan from several goroutines while the pipeline closes.
func TestPlanWhileClosing(t *testing.T) {
	p, _ := streaming(t, minis["flux"])
	want, err := p.Plan(small16())
	must(t, err)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for {
				got, err := p.Plan(small16())
				if err != nil {
					return
				}
				if got.Mapped != want.Mapped || got.Stages[Denoising].Resident != want.Stages[Denoising].Resident {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	must(t, p.Close())
	calls.Wait()
}

// TestStreaming draws with less memory than the weights take: the picture is the same, and the plan says what is read.
func TestStreaming(t *testing.T) {
	for model, files := range minis {
		dir := filepath.Join(t.TempDir(), "model")
		must(t, os.CopyFS(dir, files))
		p, err := Open(context.Background(), dir, nil)
		must(t, err)
		defer p.Close()
		j, err := p.resolve(small16())
		must(t, err)
		plan, err := p.plan(j)
		must(t, err)
		want, err := p.draw(context.Background(), j, plan)
		must(t, err)
		for quarters := range int64(4) {
			for stage := range plan.Stages {
				s := &plan.Stages[stage]
				if s.Streamed != 0 || s.Resident > s.Mapped {
					t.Errorf("%s: enough memory: %+v", model, s)
				}
				s.residency = residencyOf(p.net.components()[stage].sizes, quarters*s.Resident/4)
				if stage != int(Decoding) && !s.residency.streams() {
					t.Errorf("%s: %v: a part of the memory is enough", model, s.Stage)
				}
			}
			for range 2 {
				if got, err := p.draw(context.Background(), j, plan); err != nil || !bytes.Equal(got.Pix, want.Pix) {
					t.Errorf("%s: %d/4 of the weights in memory: another picture, %v", model, quarters, err)
				}
			}
		}
	}
}
