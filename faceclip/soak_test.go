package faceclip

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

var long = flag.Bool("long", false, "run the tests that take minutes")

// TestSoak calls two pipelines from eight goroutines each for two minutes, with cancellations at random moments. Neither
// goroutines nor memory may grow after the first ten seconds.
func TestSoak(t *testing.T) {
	if !*long {
		t.Skip("takes two minutes: -long runs it")
	}
	const lasting, settled = 2 * time.Minute, 10 * time.Second
	pipelines := []*Pipeline{}
	for _, files := range minis {
		p, err := Open(context.Background(), copyOf(t, files), nil)
		must(t, err)
		defer p.Close()
		pipelines = append(pipelines, p)
	}
	goroutines := runtime.NumGoroutine()
	end := time.Now().Add(lasting)
	var calls sync.WaitGroup
	for i := range 16 {
		calls.Go(func() { callAtRandom(t, pipelines[i%2], end) })
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

// callAtRandom calls p until end, and cancels most calls.
func callAtRandom(t *testing.T, p *Pipeline, end time.Time) {
	for time.Now().Before(end) {
		ctx, cancel := context.WithTimeout(context.Background(), rand.N(3*time.Second))
		var err error
		if rand.N(4) == 0 {
			_, err = p.Encode(ctx, small16())
		} else {
			_, err = p.Generate(ctx, small16())
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
	}
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
