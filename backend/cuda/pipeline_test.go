package cuda

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/backend/cuda/kernels"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini"
)

// onDisk opens a miniature in a folder on a device that computes nothing.
func onDisk(t *testing.T, system mini.System, o fake.Options) (p *faceclip.Pipeline, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "model")
	must(t, os.CopyFS(dir, mini.Random(system)))
	o.Devices, o.Idle = 1, true
	driver := fake.New(o)
	backend.Register("disk", func(c backend.Config) (backend.Backend, error) { return open(driver, 0, c.Memory, kernels.PTX) })
	p, err := faceclip.Open(t.Context(), dir, &faceclip.Options{Device: "disk"})
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p, dir
}

// TestPictureCut cuts a file of weights before they are loaded: there is no picture, and the error names the file.
func TestPictureCut(t *testing.T) {
	for system, file := range map[mini.System]string{
		mini.SDXL: "unet/diffusion_pytorch_model.safetensors",
		mini.FLUX: "transformer/diffusion_pytorch_model-00002-of-00002.safetensors",
	} {
		p, dir := onDisk(t, system, fake.Options{})
		path := filepath.Join(dir, file)
		r := &faceclip.Request{Prompt: "a portrait", Width: 32, Height: 32, Steps: 2}
		r.Progress = func(now faceclip.Progress) {
			if now.Stage == faceclip.Denoising && now.Step == 0 {
				must(t, os.Truncate(path, 4096))
			}
		}
		var cut *backend.FileError
		if img, err := p.Generate(t.Context(), r); img != nil || !errors.As(err, &cut) || cut.File != path {
			t.Errorf("%s: %v", system, err)
		}
	}
}

// TestPictureCancelled cancels drawings at random moments: they end as calls that were cancelled, and leave no goroutine.
func TestPictureCancelled(t *testing.T) {
	p, _ := onDisk(t, mini.FLUX, fake.Options{})
	r := &faceclip.Request{Prompt: "a portrait", Width: 32, Height: 32, Steps: 2}
	before := runtime.NumGoroutine()
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), rand.N(50*time.Millisecond))
		if _, err := p.Generate(ctx, r); err != nil && !errors.Is(err, context.DeadlineExceeded) {
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

// TestPictureLost loses the device in the middle: the drawing ends with an error that says so, and so does the next one.
func TestPictureLost(t *testing.T) {
	p, _ := onDisk(t, mini.SDXL, fake.Options{LoseAtStart: 500})
	r := &faceclip.Request{Prompt: "a portrait", Width: 32, Height: 32, Steps: 2}
	for range 2 {
		if img, err := p.Generate(t.Context(), r); img != nil || err == nil {
			t.Errorf("a picture, or %v", err)
		} else if want := "the device cannot be used any more"; !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
