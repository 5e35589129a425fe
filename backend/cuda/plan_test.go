package cuda

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/backend/cuda/kernels"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestPlan checks that a drawing takes the memory of the device that is planned: with less it is refused before anything runs, with
// as much it is drawn, and uses at least 95 % of it. Nothing is computed.
func TestPlan(t *testing.T) {
	for _, system := range []mini.System{mini.SDXL, mini.FLUX} {
		for _, compute := range []tensor.DType{tensor.F32, tensor.BF16} {
			t.Run(string(system)+"/"+compute.String(), func(t *testing.T) {
				r := &faceclip.Request{Prompt: "a portrait", Width: 64, Height: 96, Steps: 2}
				p, _ := openIdle(t, system, faceclip.Options{Compute: compute})
				plan, err := p.Plan(r)
				must(t, err)
				checkPlan(t, system, compute, r, plan)
			})
		}
	}
}

func checkPlan(t *testing.T, system mini.System, compute tensor.DType, r *faceclip.Request, plan faceclip.Plan) {
	t.Helper()
	p, d := openIdle(t, system, faceclip.Options{Compute: compute, DeviceMemory: plan.Device})
	_, err := p.Generate(context.Background(), r)
	must(t, err)
	if peak := d.Use().Peak; peak > plan.Device || float64(peak) < 0.95*float64(plan.Device) {
		t.Errorf("%d bytes are planned, %d were used", plan.Device, peak)
	}
	least := int64(0)
	for _, s := range plan.Stages {
		least = max(least, s.Device-s.Resident)
	}
	p, d = openIdle(t, system, faceclip.Options{Compute: compute, DeviceMemory: least})
	before := d.Use().Launches
	var memory *backend.MemoryError
	if _, err := p.Generate(context.Background(), r); !errors.As(err, &memory) || memory.Device != "cuda:0" || d.Use().Launches != before {
		t.Errorf("with %d bytes: %v after %d launches", least, err, d.Use().Launches-before)
	}
}

// openIdle opens a miniature on a fake device that computes nothing.
func openIdle(t *testing.T, system mini.System, o faceclip.Options) (*faceclip.Pipeline, *fake.Device) {
	t.Helper()
	driver := fake.New(fake.Options{Devices: 1, Idle: true})
	backend.Register("idle", func(c backend.Config) (backend.Backend, error) { return open(driver, 0, c.Memory, kernels.PTX) })
	o.Device = "idle"
	p, err := faceclip.OpenFS(context.Background(), mini.Random(system), &o)
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p, driver.Device(0)
}

// TestPaper checks that what is planned without a device is what is planned for one, and that nothing else can be had of it.
func TestPaper(t *testing.T) {
	r := &faceclip.Request{Prompt: "a portrait", Width: 64, Height: 96, Steps: 2}
	device, _ := openIdle(t, mini.SDXL, faceclip.Options{})
	want, err := device.Plan(r)
	must(t, err)
	p, err := faceclip.OpenFS(context.Background(), mini.Random(mini.SDXL), &faceclip.Options{Device: "cuda:paper"})
	must(t, err)
	defer p.Close()
	got, err := p.Plan(r)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("planned %+v, on a device %+v", got, want)
	}
	if _, err := p.Generate(context.Background(), r); err == nil || !strings.Contains(err.Error(), "only plans") {
		t.Errorf("drawing gives %v", err)
	}
}
