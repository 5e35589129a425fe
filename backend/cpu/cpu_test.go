package cpu

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func TestOpen(t *testing.T) {
	for _, k := range simd.Variants() {
		t.Setenv(EnvVar, k.Name)
		b, err := backend.Open("cpu", backend.Config{Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		if c := b.(*Backend); c.Kernels() != k.Name || c.Workers() != 3 || c.Name() != "cpu" || c.Scratch() != 4*(3*workspaceWords+packedWords) {
			t.Errorf("%s: %s with %d workers and %d bytes", k.Name, c.Kernels(), c.Workers(), c.Scratch())
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Setenv(EnvVar, "abacus")
	if _, err := Open(1); err == nil || !strings.Contains(err.Error(), "abacus") || !strings.Contains(err.Error(), "generic") {
		t.Errorf("unknown kernels: %v", err)
	}
	t.Setenv(EnvVar, "")
	if _, err := Open(-1); err == nil {
		t.Error("negative workers are no error")
	}
}

func TestMemory(t *testing.T) {
	b, err := Open(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, size := range []int{0, 1, 1 << 22} {
		m, err := b.Alloc(size)
		if err != nil || m.Size != size || len(m.Host) != size {
			t.Fatalf("%d bytes: %v, %v", size, m, err)
		}
		b.Free(m)
		b.Free(m) // not the backend's any more
	}
	b.Free(tensor.HostMemory(make([]byte, 8))) // never was
	if _, err := b.Alloc(1 << 62); err == nil {
		t.Error("there is memory of 2⁶² bytes")
	}
}

// TestPool checks that every body runs once, that a stop ends a loop and that a panic comes back to the caller.
func TestPool(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		p := newPool(workers)
		var counts [1000]atomic.Int32
		p.For(len(counts), looping(func(worker, i int) {
			if worker < 0 || worker >= workers {
				t.Errorf("worker %d of %d", worker, workers)
			}
			counts[i].Add(1)
		}))
		for i := range counts {
			if n := counts[i].Load(); n != 1 {
				t.Fatalf("body %d has run %d times", i, n)
			}
		}
		p.For(0, looping(func(_, _ int) { t.Error("there is nothing to do") }))

		stop, ran := new(atomic.Bool), new(atomic.Int32)
		p.stop.Store(stop)
		p.For(1000, looping(func(_, i int) {
			ran.Add(1)
			stop.Store(true)
		}))
		if n := ran.Load(); n > int32(workers) || !p.stopped() {
			t.Errorf("%d bodies have run after the stop", n)
		}
		p.stop.Store(nil)

		func() {
			defer func() {
				if r := recover(); r != "a mistake" {
					t.Errorf("panic %v", r)
				}
			}()
			p.For(100, looping(func(_, i int) {
				if i == 50 {
					panic("a mistake")
				}
			}))
			t.Error("the panic is lost")
		}()
		p.close()
	}
}

// looping is a task for tests.
type looping func(worker, i int)

func (l looping) do(worker, i int) { l(worker, i) }
