package cuda

import (
	"bytes"
	"context"
	"errors"
	pictures "image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/backend/cuda/kernels"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/internal/mmap"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A network adds a vector of weights in each of its blocks.
type network struct {
	blocks []nn.Block
	sum    []float32
}

const (
	width = 1024
	arena = 1 << 14
)

func newNetwork(blocks int) *network {
	n := &network{blocks: make([]nn.Block, blocks+1), sum: make([]float32, width)}
	for i := range n.blocks[1:] {
		w := counting(7*i, width)
		n.blocks[i+1].Own = []Tensor{w}
		for j, f := range tensor.Float32s(w) {
			n.sum[j] += f
		}
	}
	return n
}

// run runs passes of the network on b, which follows them, and returns what they add up to.
func (n *network) run(ctx context.Context, t *testing.T, b *Backend, passes int) (sum []float32, err error) {
	t.Helper()
	s := stream(t, b, tensor.F32, arena)
	defer s.Close()
	c := &model.Component{Checkpoint: noPages{}, Blocks: n.blocks}
	pager := c.Pager(b, tensor.F32, model.Reside(c.CopySizes(b, tensor.F32), b.Limit()-arena))
	defer pager.Stop()
	s.OnBlock = pager.Enter
	err = s.Do(ctx, func() {
		x := s.PutFunc(func(dst []float32) { clear(dst) }, width)
		for range passes {
			for i, block := range n.blocks[1:] {
				s.Block(i + 1)
				s.Add(x, x, block.Own[0])
			}
		}
		sum = s.Floats(x)
	})
	return sum, err
}

// noPages are those of a checkpoint that is in memory.
type noPages struct{ model.Checkpoint }

func (noPages) Prefetch(Tensor, int, int) {}
func (noPages) Evict(Tensor)              {}

// TestStreaming runs a network whose weights take more than the device has: the result is the same, and no byte is lost.
func TestStreaming(t *testing.T) {
	const passes, blocks, size = 3, 40, 4 * width
	n := newNetwork(blocks)
	want := slices.Clone(n.sum)
	for i := range want {
		want[i] *= passes
	}
	for _, fit := range []int64{3, 6, 20, 100} {
		onBoth(t, fit*size+1<<15, func(t *testing.T, b *Backend, d *fake.Device) {
			for range 2 {
				got, err := n.run(t.Context(), t, b, passes)
				must(t, err)
				if !slices.Equal(got, want) {
					t.Errorf("with %d of %d blocks another result", fit, blocks)
				}
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			use := d.Use()
			if use.InUse != b.memory.used || use.Peak > b.memory.limit || fit < blocks && use.Peak < b.memory.limit-3*size {
				t.Errorf("%d bytes in use, %d at most, of %d; we say %d", use.InUse, use.Peak, b.memory.limit, b.memory.used)
			}
		})
	}
}

// TestCancelled cancels a network that streams at random moments: it ends soon, and the next one is right.
func TestCancelled(t *testing.T) {
	const blocks = 12
	n := newNetwork(blocks)
	onBoth(t, 4*4*width+1<<15, func(t *testing.T, b *Backend, d *fake.Device) {
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), rand.N(20*time.Millisecond))
			if _, err := n.run(ctx, t, b, 1000); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
		}
		if got, err := n.run(t.Context(), t, b, 1); err != nil || !slices.Equal(got, n.sum) {
			t.Errorf("afterwards another result, %v", err)
		}
	})
}

// TestStopped checks that once operations have stopped nothing is launched or copied, and that a copy which was begun is not there.
func TestStopped(t *testing.T) {
	onBoth(t, 0, func(t *testing.T, b *Backend, d *fake.Device) {
		w := counting(0, 16)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Load(ctx, tensor.F32, []Tensor{w}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		s := stream(t, b, tensor.F32, 1<<12)
		launches := d.Use().Launches
		ctx, cancel = context.WithCancel(t.Context())
		err := s.Do(ctx, func() {
			cancel()
			for !s.Stopped() {
			}
			b.Act(w, w, backend.ReLU)
		})
		if _, h := b.look(w, tensor.F32); h != nil || !errors.Is(err, context.Canceled) || d.Use().Launches != launches {
			t.Errorf("%v, %d launches, copy %v", err, d.Use().Launches-launches, h)
		}
	})
}

// TestCut cuts a file that weights are mapped from, before they are loaded and before they are used: the error names the file, and
// the device works on.
func TestCut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weights")
	for name, load := range map[string]func(b *Backend, s *backend.Stream, w Tensor) error{
		"loaded": func(b *Backend, _ *backend.Stream, w Tensor) error {
			return b.Load(t.Context(), tensor.F32, []Tensor{w})
		},
		"used": func(b *Backend, s *backend.Stream, w Tensor) error {
			return s.Do(t.Context(), func() { s.Add(Tensor{}, s.New(width), w) })
		},
	} {
		onBoth(t, 0, func(t *testing.T, b *Backend, d *fake.Device) {
			must(t, os.WriteFile(file, make([]byte, 16*width), 0o644))
			f, err := os.Open(file)
			must(t, err)
			defer f.Close()
			m, err := mmap.Open(f, file, nil)
			must(t, err)
			defer m.Close()
			if !m.Mapped() {
				t.Skip("files are not mapped here")
			}
			w := tensor.Make(m.Memory(), 8*width, tensor.F32, width)
			must(t, os.Truncate(file, 10))
			s := stream(t, b, tensor.F32, arena)
			var cut *backend.FileError
			if err := load(b, s, w); !errors.As(err, &cut) || cut.File != file {
				t.Errorf("%s: %v", name, err)
			}
			if _, h := b.look(w, tensor.F32); h != nil {
				t.Errorf("%s: there is a copy", name)
			}
			n := newNetwork(3)
			if got, err := n.run(t.Context(), t, b, 1); err != nil || !slices.Equal(got, n.sum) {
				t.Errorf("%s: afterwards another result, %v", name, err)
			}
		})
	}
}

// TestStreamedPicture draws with a device that holds few of the weights at a time: it is the same picture.
func TestStreamedPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("the interpreter takes its time")
	}
	r := &faceclip.Request{Prompt: "a portrait", Width: 16, Height: 16, Steps: 1, Guidance: faceclip.Guidance{Scale: 1}}
	draw := func(memory int64) ([]byte, faceclip.Plan) {
		driver := fake.New(fake.Options{Devices: 1})
		backend.Register("streaming", func(c backend.Config) (backend.Backend, error) { return open(driver, 0, c.Memory, kernels.PTX) })
		p, err := faceclip.OpenFS(t.Context(), mini.Random(mini.SDXL), &faceclip.Options{Device: "streaming", DeviceMemory: memory})
		must(t, err)
		defer p.Close()
		plan, err := p.Plan(r)
		must(t, err)
		img, err := p.Generate(t.Context(), r)
		must(t, err)
		if peak := driver.Device(0).Use().Peak; memory > 0 && peak > memory {
			t.Errorf("%d bytes may be used, %d were", memory, peak)
		}
		return img.(*pictures.NRGBA).Pix, plan
	}
	want, all := draw(0)
	got, some := draw(all.Device * 4 / 5)
	if !bytes.Equal(got, want) {
		t.Error("another picture")
	}
	for _, stage := range []faceclip.Stage{faceclip.Encoding, faceclip.Denoising} {
		if all, some := all.Stages[stage], some.Stages[stage]; all.Streamed != 0 || some.Streamed == 0 {
			t.Errorf("%v streams %d bytes, and %d where memory is short", stage, all.Streamed, some.Streamed)
		}
	}
}
