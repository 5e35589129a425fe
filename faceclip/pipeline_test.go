package faceclip

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestClose(t *testing.T) {
	p := openMini(t, nil)
	entered, leave := make(chan struct{}), make(chan struct{})
	r := small()
	r.Progress = func(pr Progress) {
		if pr.Stage == Denoising && pr.Step == 1 {
			close(entered)
			<-leave
		}
	}
	running := make(chan error)
	go func() {
		_, err := p.Generate(context.Background(), r)
		running <- err
	}()
	<-entered
	waiting := make(chan error)
	go func() {
		_, err := p.Generate(context.Background(), small())
		waiting <- err
	}()
	closed := make(chan error)
	go func() { closed <- p.Close() }()
	select {
	case <-closed:
		t.Error("Close did not wait for the running call")
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	if err := <-running; err != nil {
		t.Errorf("running call: %v", err)
	}
	if err := <-waiting; err != nil && !errors.Is(err, ErrClosed) {
		t.Errorf("waiting call: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	checkClosed(t, p)
}

func checkClosed(t *testing.T, p *Pipeline) {
	if err := p.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := p.Generate(context.Background(), small()); !errors.Is(err, ErrClosed) {
		t.Errorf("Generate after Close: %v", err)
	}
	if _, err := p.Encode(context.Background(), small()); !errors.Is(err, ErrClosed) {
		t.Errorf("Encode after Close: %v", err)
	}
	if _, err := p.Plan(small()); !errors.Is(err, ErrClosed) {
		t.Errorf("Plan after Close: %v", err)
	}
	if _, err := p.Resolve(small()); !errors.Is(err, ErrClosed) {
		t.Errorf("Resolve after Close: %v", err)
	}
	if _, _, err := p.Check(small()); !errors.Is(err, ErrClosed) {
		t.Errorf("Check after Close: %v", err)
	}
	if _, err := p.Tokens(small()); !errors.Is(err, ErrClosed) {
		t.Errorf("Tokens after Close: %v", err)
	}
	if c := p.Components(); c != nil {
		t.Errorf("Components after Close: %v", c)
	}
}

// TestCancel cancels calls at random moments, and one that waits for its turn. The pipeline stays usable.
func TestCancel(t *testing.T) {
	p := openMini(t, nil)
	want := generate(t, p, small())
	for range 20 {
		r := small()
		r.Width, r.Height, r.Steps = 128, 128, 10
		ctx, cancel := context.WithTimeout(context.Background(), rand.N(100*time.Millisecond))
		if _, err := p.Generate(ctx, r); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
	}
	if got := generate(t, p, small()); !bytes.Equal(got.Pix, want.Pix) {
		t.Error("another picture after cancelled calls")
	}

	ctx, cancel := context.WithCancel(context.Background())
	r := small()
	r.Progress = func(pr Progress) {
		if pr.Step != 1 || pr.Stage != Denoising {
			return
		}
		time.AfterFunc(10*time.Millisecond, cancel)
		if _, err := p.Generate(ctx, small()); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting call: %v", err)
		}
	}
	generate(t, p, r)
	if _, err := p.Generate(ctx, small()); !errors.Is(err, context.Canceled) {
		t.Errorf("call with a context that has ended: %v", err)
	}
	if plan, err := p.PlanContext(ctx, small()); !errors.Is(err, context.Canceled) || plan.Private != 0 {
		t.Errorf("plan with a context that has ended: %v", err)
	}
	if _, err := p.TokensContext(ctx, small()); !errors.Is(err, context.Canceled) {
		t.Errorf("Tokens with a context that has ended: %v", err)
	}
	if r, err := p.ResolveContext(ctx, small()); !errors.Is(err, context.Canceled) || r != nil {
		t.Errorf("Resolve with a context that has ended: %v", err)
	}
}

// TestConcurrent calls one pipeline from several goroutines.
func TestConcurrent(t *testing.T) {
	p := openMini(t, nil)
	want := generate(t, p, small())
	before := runtime.NumGoroutine()
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			img, err := p.Generate(context.Background(), small())
			if err != nil {
				t.Error(err)
			} else if !bytes.Equal(img.(*image.NRGBA).Pix, want.Pix) {
				t.Error("another picture")
			}
		})
	}
	calls.Wait()
	for wait := time.Millisecond; runtime.NumGoroutine() > before; wait *= 2 { // the last may be about to end
		if wait > time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(wait)
	}
}

func TestProgress(t *testing.T) {
	p := openMini(t, nil)
	r := small()
	r.Width, r.Height, r.Steps = 8*40, 8*10, 3
	var stages []Stage
	steps := 0
	r.Progress = func(pr Progress) {
		if len(stages) == 0 || stages[len(stages)-1] != pr.Stage {
			stages = append(stages, pr.Stage)
		}
		if pr.Stage == Denoising && pr.Step > 0 {
			steps++
			checkStep(t, pr, steps)
		}
	}
	img := generate(t, p, r)
	if img.Rect.Dx() != 320 || img.Rect.Dy() != 80 {
		t.Errorf("picture %v", img.Rect)
	}
	if len(stages) != 4 || stages[0] != Encoding || stages[3] != Done || steps != 3 {
		t.Errorf("stages %v, %d steps", stages, steps)
	}
}

func checkStep(t *testing.T, pr Progress, step int) {
	if pr.Step != step || pr.Steps != 3 || pr.Elapsed <= 0 || pr.Remaining <= 0 {
		t.Errorf("step %d: %+v", step, pr)
	}
	preview, err := pr.Preview()
	if err != nil {
		t.Error(err)
	} else if preview.Bounds() != image.Rect(0, 0, 8*32, 8*8) {
		t.Errorf("preview %v", preview.Bounds())
	}
}

// TestWorkers checks that every stage is the same for any number of workers.
func TestWorkers(t *testing.T) {
	var want []byte
	for _, workers := range []int{1, 2, 3, 8} {
		p := openMini(t, &Options{Workers: workers})
		got := generate(t, p, small()).Pix
		if want == nil {
			want = got
		} else if !bytes.Equal(got, want) {
			t.Errorf("%d workers give another picture than 1", workers)
		}
	}
}
