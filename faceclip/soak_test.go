package faceclip

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	long    = flag.Bool("long", false, "run the tests that take minutes")
	lasting = flag.Duration("soak", 2*time.Minute, "how long TestSoak lasts")
)

// TestSoak calls two pipelines from eight goroutines each, with all kinds of requests and cancellations at random moments. Neither
// goroutines nor memory may grow after the first ten seconds.
func TestSoak(t *testing.T) {
	if !*long {
		t.Skip("takes two minutes: -long runs it")
	}
	const settled = 10 * time.Second
	pipelines := []*Pipeline{}
	for _, files := range minis {
		p, err := Open(context.Background(), copyOf(t, files), nil)
		must(t, err)
		defer p.Close()
		pipelines = append(pipelines, p)
	}
	goroutines := runtime.NumGoroutine()
	end := time.Now().Add(*lasting)
	photo := photoOf(readImage(t, "testdata/sdxl/face.png"))
	var calls sync.WaitGroup
	for i := range 16 {
		calls.Go(func() { callAtRandom(t, pipelines[i%2], photo, end) })
	}
	time.Sleep(settled)
	before := residentMemory(t)
	calls.Wait()
	after := residentMemory(t)
	t.Logf("resident memory: %d MB after %v, %d MB at the end", before>>20, settled, after>>20)
	if after > before+before/10+16<<20 {
		t.Errorf("resident memory grew from %d to %d bytes", before, after)
	}
	for wait := time.Millisecond; runtime.NumGoroutine() > goroutines; wait *= 2 {
		if wait > time.Second {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
		}
		time.Sleep(wait)
	}
}

// callAtRandom calls p until end, and cancels most calls. What is wrong with a request is its caller's fault, and nothing else.
func callAtRandom(t *testing.T, p *Pipeline, photo image.Image, end time.Time) {
	for time.Now().Before(end) {
		ctx, cancel := context.WithTimeout(context.Background(), rand.N(3*time.Second))
		r, wrong := randomRequest(photo)
		var err error
		switch rand.N(6) {
		case 0:
			_, err = p.Encode(ctx, r)
		case 1:
			_, err = p.ResolveContext(ctx, r)
		case 2:
			_, err = p.PlanContext(ctx, r)
			wrong = false // photos are not looked at
		default:
			_, err = p.Generate(ctx, r)
		}
		found := errors.As(err, new(*RequestError))
		if !errors.Is(err, context.DeadlineExceeded) && (found != wrong || err != nil && !found) {
			t.Errorf("%v, of a request that is wrong: %v", err, wrong)
		}
		cancel()
	}
}

// randomRequest returns one that takes a moment, and whether something is wrong with it.
func randomRequest(photo image.Image) (r *Request, wrong bool) {
	r = small16()
	r.Seed, r.Sampler = rand.Int64(), []string{"", "heun", "dpm++2m"}[rand.N(3)]
	r.Guidance.From = rand.Float32() * 0.9
	switch rand.N(8) {
	case 0:
		r.Photo = photo
	case 1:
		r.Photos = []image.Image{photo, photo}
	case 2:
		r.Face = photo
	case 3:
		r.Photo, wrong = image.NewGray(image.Rect(0, 0, 300, 300)), true // nobody
	case 4:
		r.Photo, wrong = &image.Gray{Pix: make([]byte, 10), Stride: 400, Rect: image.Rect(0, 0, 400, 400)}, true
	case 5:
		r.Prompt = strings.Repeat("a man, ", rand.N(maxPrompt/7))
	}
	if rand.N(4) == 0 {
		r.Progress = func(p Progress) {
			if p.Preview != nil {
				p.Preview()
			}
		}
	}
	return r, wrong
}

// residentMemory returns the bytes of memory that the process holds after the collector has given back what it can.
func residentMemory(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err) // not Linux
	}
	var kilobytes int64
	if _, rest, ok := strings.Cut(string(text), "VmRSS:"); !ok {
		t.Skip("/proc/self/status has no VmRSS")
	} else if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
