package cuda

import (
	"errors"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestEvictedUnused checks that what is still on its way to a copy that is given back does not arrive in the next one there.
func TestEvictedUnused(t *testing.T) {
	onBoth(t, 0, func(t *testing.T, b *Backend, _ *fake.Device) {
		unused, used, other := counting(1, 64), counting(2, 64), counting(3, 64)
		must(t, b.Load(t.Context(), tensor.F32, []Tensor{unused}))
		b.Evict([]Tensor{unused})
		at := b.address(used)
		must(t, b.Load(t.Context(), tensor.F32, []Tensor{other}))
		downloaded(t, b, b.address(other), tensor.F32, 64) // all that is on its way has arrived
		if got := downloaded(t, b, at, tensor.F32, 64); !slices.Equal(got, tensor.Float32s(used)) {
			t.Errorf("got %v", got)
		}
	})
}

// TestEvictedInUse checks that an operation which has yet to run sees the weights that it was given, though they were given back and
// others are loaded in their place.
func TestEvictedInUse(t *testing.T) {
	onBoth(t, 0, func(t *testing.T, b *Backend, _ *fake.Device) {
		one, two := counting(1, 64), counting(2, 64)
		s := stream(t, b, tensor.F32, 1<<10)
		x := s.PutFunc(func(dst []float32) { clear(dst) }, 64)
		s.Add(x, x, one)
		at := b.address(one)
		b.Evict([]Tensor{one})
		must(t, b.Load(t.Context(), tensor.F32, []Tensor{two}))
		if b.address(two) != at {
			t.Error("others are loaded elsewhere")
		}
		if got := s.Floats(x); !slices.Equal(got, tensor.Float32s(one)) {
			t.Errorf("got %v", got)
		}
	})
}

// TestFreedInUse checks that memory is given back after the operations that were given it, which run when they are waited for.
func TestFreedInUse(t *testing.T) {
	const n = 1 << 14
	for name, free := range map[string]func(b *Backend, m *tensor.Memory){
		"Free": func(b *Backend, m *tensor.Memory) { b.Free(m) },
		"a copy makes room": func(b *Backend, _ *tensor.Memory) {
			m, err := b.Alloc(int(b.Limit()-b.memory.used) + n)
			must(t, err)
			b.Free(m)
		},
	} {
		onBoth(t, 1<<20, func(t *testing.T, b *Backend, _ *fake.Device) {
			m, err := b.Alloc(8 * n)
			must(t, err)
			x, y := tensor.Make(m, 0, tensor.F32, n), tensor.Make(m, 4*n, tensor.F32, n)
			w := counting(0, n)
			b.Add(x, w, w)
			b.Act(y, x, backend.ReLU)
			b.begin()
			free(b, m)
			if err := b.Sync(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestBothOrNone checks that an operand does not take the memory of another one of the same operation. Afterwards it does.
func TestBothOrNone(t *testing.T) {
	const n = 1 << 17 // of which memory holds one
	onBoth(t, 900<<10, func(t *testing.T, b *Backend, d *fake.Device) {
		one, two := counting(0, n), counting(1, n)
		var e *backend.MemoryError
		if b.address(one) == 0 || b.address(two) != 0 || !errors.As(b.Sync(), &e) {
			t.Error("there is memory for both")
		}
		if b.address(two) == 0 || b.Sync() != nil {
			t.Error("there is no memory for the second one alone")
		}
		if peak := d.Use().Peak; peak > b.Limit() {
			t.Errorf("%d bytes", peak)
		}
	})
}

// TestClose checks that nothing is left on the device, nor of the memory that is page-locked.
func TestClose(t *testing.T) {
	b, d := opened(t, fake.Options{})
	n := newNetwork(4)
	_, err := n.run(t.Context(), t, b, 1)
	must(t, err)
	m, err := b.Alloc(1000)
	must(t, err)
	b.workspace(1 << 10)
	must(t, b.Close())
	if use := d.Use(); use.InUse != 0 || use.Host != 0 || m.Size != 0 {
		t.Errorf("%+v", use)
	}
}
