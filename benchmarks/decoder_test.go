package benchmarks

import (
	"context"
	"flag"
	"runtime/debug"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/tensor"
)

var long = flag.Bool("long", false, "run the tests that take minutes")

// TestDecoderMemory decodes a picture of the default size in float32 within 2.6 GB of arena and 3 GB of process.
func TestDecoderMemory(t *testing.T) {
	if !*long {
		t.Skip("takes a minute: -long runs it")
	}
	var decoder *vae.Decoder
	build(t, tensor.F32, keys.SDXLVAE, func(p nn.Params) { decoder = vae.NewDecoder(p, vae.PublishedSDXL) })
	decode := func(s *backend.Stream) { decoder.Into(s, s.New(1, 1152, 864, 3), s.New(1, 144, 108, 4)) }
	device, err := cpu.Open(workers)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	cost := backend.Measure(device, backend.Types{Act: tensor.F32}, decode)
	s, err := backend.NewStream(device, backend.Types{Act: tensor.F32}, cost.Peak)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	debug.FreeOSMemory()
	resetPeak(t)
	began := time.Now()
	if err := s.Do(context.Background(), func() { decode(s) }); err != nil {
		t.Fatal(err)
	}
	t.Logf("took %v, %.1f GFLOP/s", time.Since(began).Round(time.Millisecond), float64(cost.FLOPs)/time.Since(began).Seconds()/1e9)
	resident := status(t, "VmHWM")
	t.Logf("arena %.2f GB, process %.2f GB", float64(cost.Peak)/1e9, float64(resident)/1e9)
	if cost.Peak > 2_600_000_000 || resident > 3_000_000_000 {
		t.Errorf("more than 2.6 GB of arena or 3 GB of process")
	}
}
