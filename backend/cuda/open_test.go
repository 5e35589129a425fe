package cuda

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		options fake.Options
		ordinal int
		want    string
	}{
		{fake.Options{}, 0, "cuda: the driver finds no device"},
		{fake.Options{Devices: 1}, 3, "cuda: there is no device 3: the driver finds 1, numbered from 0"},
		{fake.Options{Devices: 1, Version: 12020}, 0, "the driver is too old: it knows CUDA 12.2, and kernels need 12.4; install driver 550 or newer"},
		{fake.Options{Devices: 2, Compute: 75}, 1, "cuda:1: Fake 1 has compute capability 7.5, and kernels need 8.0"},
		{fake.Options{Devices: 1, ModuleLog: "line 7: no such instruction"}, 0, "line 7: no such instruction"},
		{fake.Options{Devices: 1, Memory: usualSpace}, 0, "needs 0.01 GB of memory of cuda:0"},
	} {
		if _, err := open(fake.New(c.options), c.ordinal, 0, some(t, "gather")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.options, err, c.want)
		}
	}
	for _, name := range []string{"cuda:x", "cuda:-1"} {
		if _, err := backend.Open(name, backend.Config{}); err == nil || !strings.Contains(err.Error(), "is not the number of a device") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNewerKernels checks that it is the kernels that say which driver they need.
func TestNewerKernels(t *testing.T) {
	for version, want := range map[string]int{"8.4": 12040, "8.7": 12070, "9.0": 13000, "7.8": 11080} {
		if got := needs("//\n.version " + version + "\n.target sm_80\n"); got != want {
			t.Errorf("PTX %s needs CUDA %d, want %d", version, got, want)
		}
	}
	newer := fstest.MapFS{"a.ptx": {Data: []byte(".version 9.0\n")}}
	if _, err := open(fake.New(fake.Options{Devices: 1}), 0, 0, newer); err == nil || !strings.Contains(err.Error(), "kernels need 13.0; install a newer driver") {
		t.Error(err)
	}
}

func TestSupports(t *testing.T) {
	b, _ := opened(t, fake.Options{})
	for dt := tensor.F32; dt.Valid(); dt++ {
		if err := b.Supports(backend.Types{Act: dt}); (err == nil) != (dt == tensor.F32 || dt == tensor.BF16) {
			t.Errorf("%v: %v", dt, err)
		}
	}
	if limit := int64(8 << 30); b.Limit() != limit-limit/10 {
		t.Errorf("%d bytes may be used", b.Limit())
	}
	if b.Name() != "cuda:0" || b.FusesNorm() {
		t.Errorf("%s, fuses norms: %v", b.Name(), b.FusesNorm())
	}
}

// TestLost checks that after a kernel has failed everything else fails, with an error that says so, and nothing crashes.
func TestLost(t *testing.T) {
	b, _ := opened(t, fake.Options{LoseAtStart: 3})
	x, err := b.Alloc(1 << 10)
	must(t, err)
	y := tensor.Make(x, 0, tensor.F32, 256)
	upload(b, y, func(dst []byte) { clear(dst) })
	use := func() error {
		b.Act(y, y, backend.ReLU)
		return b.Sync()
	}
	must(t, use())
	must(t, use())
	for range 3 {
		if err := use(); err == nil || !strings.HasPrefix(err.Error(), "cuda:0: the device cannot be used any more; open it again: cuLaunchKernel") {
			t.Errorf("Sync: %v", err)
		}
	}
	upload(b, y, func(dst []byte) { clear(dst) })
	b.Download(make([]byte, 1024), y)
	b.address(counting(0, 8))
	if _, err := b.Alloc(8); err == nil {
		t.Error("Alloc succeeds")
	}
	if err := b.Load(t.Context(), tensor.BF16, []Tensor{counting(0, 8)}); err == nil {
		t.Error("Load succeeds")
	}
	b.Free(x)
	if err := b.Sync(); err == nil {
		t.Error("Sync succeeds")
	}
}

// TestWrongID checks that Sync panics once, and that the device works on.
func TestWrongID(t *testing.T) {
	b, _ := opened(t, fake.Options{})
	for _, wrong := range []bool{false, true, false} {
		s := stream(t, b, tensor.F32, 1<<12)
		panicked := func() (r any) {
			defer func() { r = recover() }()
			must(t, s.Do(t.Context(), func() {
				ids := []int32{2, 0}
				if wrong {
					ids[1] = 3
				}
				s.Gather(Tensor{}, counting(0, 3, 5), s.PutIDs(ids, 2))
			}))
			return nil
		}()
		if text, _ := panicked.(string); wrong != strings.HasPrefix(text, "cuda: Gather: an id") {
			t.Errorf("wrong id: %v, panic %v", wrong, panicked)
		}
	}
}

// TestHostResult checks that nothing is written to a copy, where nobody would see it.
func TestHostResult(t *testing.T) {
	b, _ := opened(t, fake.Options{})
	s := stream(t, b, tensor.F32, 1<<10)
	defer func() {
		if r, _ := recover().(string); !strings.Contains(r, "dst f32[8] is in memory of the host") {
			t.Errorf("panic %q", r)
		}
	}()
	s.Act(counting(0, 8), s.New(8), backend.ReLU)
}

// TestMemoryErrors checks that what cannot fit is an error before anything runs, and that it passes.
func TestMemoryErrors(t *testing.T) {
	b, _ := opened(t, fake.Options{Memory: 1 << 20})
	w := counting(0, 8)
	b.address(w)
	must(t, b.Sync())
	for _, bytes := range []int{1<<20 + 1, 1 << 40, 1 << 62} {
		var e *backend.MemoryError
		if _, err := b.Alloc(bytes); !errors.As(err, &e) || e.Need < int64(bytes) || e.Have != b.Limit() {
			t.Errorf("%d bytes: %v", bytes, err)
		}
	}
	if !b.Holds(tensor.F32, w) {
		t.Error("copies were given away for nothing")
	}
	s := stream(t, b, tensor.F32, 1<<13)
	var e *backend.MemoryError
	if err := s.Do(t.Context(), func() { s.Gather(Tensor{}, counting(0, 1<<10, 1<<10), s.PutIDs([]int32{0}, 1)) }); !errors.As(err, &e) {
		t.Errorf("a copy of 4 MB: %v", err)
	}
	must(t, s.Do(t.Context(), func() { s.Gather(Tensor{}, counting(0, 4, 4), s.PutIDs([]int32{0}, 1)) }))
}
