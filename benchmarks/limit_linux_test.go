package benchmarks

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// TestFullLimit draws with limits of memory that FaceT5-FLUX does not fit into. It compares what the process held with
// the limit, and what the second step read from disk with the plan.
func TestFullLimit(t *testing.T) {
	if *model == "" || !isFLUX(t) {
		t.Skip("no -model DIR of FaceT5-FLUX")
	}
	limits := []struct{ memory, resident int64 }{{19e9, 20e9}, {8e9, 8.5e9}}
	if weightBytes(t) < 25e9 { // int8
		limits = []struct{ memory, resident int64 }{{13.5e9, 14e9}}
	}
	for _, l := range limits {
		t.Run(fmt.Sprintf("%.1fGB", float64(l.memory)/1e9), func(t *testing.T) {
			dropCache(t)
			resetPeak(t)
			p := openFull(t, &faceclip.Options{Memory: l.memory})
			drawLimited(t, p)
			cancelCalls(t, p, 3, 10*time.Second, fullRequest(t))
			peak := status(t, "VmHWM")
			t.Logf("resident: at most %.2f GB", float64(peak)/1e9)
			if peak > l.resident {
				t.Errorf("resident memory exceeds %.2f GB", float64(l.resident)/1e9)
			}
		})
	}
}

// drawLimited draws in two steps of one forward each.
func drawLimited(t *testing.T, p *faceclip.Pipeline) {
	t.Helper()
	r := fullRequest(t)
	plan, err := p.Plan(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range plan.Stages {
		t.Logf("%v: private %.2f GB, resident %.2f GB, streamed %.2f GB", s.Stage, float64(s.Private)/1e9, float64(s.Resident)/1e9, float64(s.Streamed)/1e9)
	}
	var before, read int64
	var began time.Time
	r.Progress = func(pr faceclip.Progress) {
		switch {
		case pr.Stage == faceclip.Denoising && pr.Step == 1:
			dropCache(t)
			before, began = diskReads(t), time.Now()
		case pr.Stage == faceclip.Denoising && pr.Step == 2:
			read = diskReads(t) - before
			t.Logf("second step: %v, read %.2f GB", time.Since(began).Round(time.Millisecond), float64(read)/1e9)
		}
	}
	anonymous := watch(t, "RssAnon")
	if _, err := p.Generate(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	private := anonymous()
	t.Logf("private: %.2f GB planned, %.2f GB held", float64(plan.Private)/1e9, float64(private)/1e9)
	if private > plan.Private+plan.Private/20+32<<20 {
		t.Errorf("private memory exceeds the plan")
	}
	streamed := plan.Stages[faceclip.Denoising].Streamed
	if diff := read - streamed; diff > streamed/20+64<<20 || -diff > streamed/20 {
		t.Errorf("the second step read %d bytes from disk, planned are %d", read, streamed)
	}
}

// dropCache makes the system forget all pages of the model's files but those that are mapped and in use.
func dropCache(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(*model, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".safetensors" {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
	if err != nil {
		t.Fatal(err)
	}
}
