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

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/model"
)

// TestStreamed checks that a guided step of FLUX, which is two forwards, reads twice what one of them reads.
func TestStreamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	must(t, os.CopyFS(dir, minis["flux"]))
	p, err := Open(context.Background(), dir, nil)
	must(t, err)
	defer p.Close()
	p.limit = 1 // nothing stays
	guided, err := p.Plan(&Request{Guidance: Guidance{Scale: 2}})
	must(t, err)
	single, err := p.Plan(&Request{Guidance: Guidance{Scale: 1}})
	must(t, err)
	for _, stage := range []Stage{Encoding, Denoising} {
		two, one := guided.Stages[stage], single.Stages[stage]
		if one.Streamed == 0 || two.Streamed != 2*one.Streamed || two.Resident != one.Resident || one.Streamed+one.Resident > one.Mapped {
			t.Errorf("%v: guided %+v, else %+v", stage, two, one)
		}
	}
}

// streaming opens a miniature on disk with so little memory that nothing stays.
func streaming(t *testing.T, files fs.FS) (p *Pipeline, dir string) {
	t.Helper()
	dir = copyOf(t, files)
	p, err := Open(context.Background(), dir, nil)
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p, dir
}

// stream draws with nothing that stays.
func stream(ctx context.Context, p *Pipeline, r *Request) error {
	j, plan, err := p.prepare(ctx, r)
	if err != nil {
		return err
	}
	for stage := range plan.Stages {
		plan.Stages[stage].residency = model.Reside(p.system.parts[stage].Sizes, 0)
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
	for name, files := range minis {
		dir := filepath.Join(t.TempDir(), "model")
		must(t, os.CopyFS(dir, files))
		p, err := Open(context.Background(), dir, nil)
		must(t, err)
		defer p.Close()
		j, plan, err := p.prepare(context.Background(), small16())
		must(t, err)
		want, err := p.draw(context.Background(), j, plan)
		must(t, err)
		for quarters := range int64(4) {
			for stage := range plan.Stages {
				s := &plan.Stages[stage]
				if s.Streamed != 0 || s.Resident > s.Mapped {
					t.Errorf("%s: enough memory: %+v", name, s)
				}
				s.residency = model.Reside(p.system.parts[stage].Sizes, quarters*s.Resident/4)
				if stage != int(Decoding) && !s.residency.Streams() {
					t.Errorf("%s: %v: a part of the memory is enough", name, s.Stage)
				}
			}
			for range 2 {
				if got, err := p.draw(context.Background(), j, plan); err != nil || !bytes.Equal(got.Pix, want.Pix) {
					t.Errorf("%s: %d/4 of the weights in memory: another picture, %v", name, quarters, err)
				}
			}
		}
	}
}

// TestChangedWhileMapped writes to weights in place while they are in use, as cp does: there is no picture of such weights.
func TestChangedWhileMapped(t *testing.T) {
	for stage, file := range map[Stage]string{
		Encoding: "face_clip_encoder/model.safetensors", Denoising: "unet/diffusion_pytorch_model.safetensors", Decoding: "vae/diffusion_pytorch_model.safetensors",
	} {
		for name, change := range map[string]func(file string) error{
			"overwritten": func(file string) error {
				f, err := os.OpenFile(file, os.O_WRONLY, 0)
				if err != nil {
					return err
				}
				_, err = f.WriteAt([]byte("other"), 5000)
				return errors.Join(err, f.Close())
			},
			"longer": func(file string) error {
				info, err := os.Stat(file)
				return errors.Join(err, os.Truncate(file, info.Size()+1))
			},
		} {
			dir := copyMini(t)
			p, err := Open(context.Background(), dir, nil)
			must(t, err)
			r, path := small(), filepath.Join(dir, file)
			r.Progress = func(pr Progress) {
				if pr.Stage == stage && (stage == Decoding || pr.Step == 0) {
					must(t, change(path))
				}
				if stage == Denoising && pr.Step > 0 {
					t.Errorf("%s: %s: a step with other weights", file, name)
				}
			}
			var changed *backend.FileError
			if img, err := p.Generate(context.Background(), r); img != nil || !errors.As(err, &changed) || changed.File != path {
				t.Errorf("%s: %s: %v", file, name, err)
			}
			must(t, p.Close())
		}
	}
}
