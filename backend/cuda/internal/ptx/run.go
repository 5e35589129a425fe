package ptx

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A run is a launch under way. Several workers take its blocks by number.
type run struct {
	kernel *Kernel
	launch Launch
	memory Memory
	stop   *atomic.Bool
	blocks int64
	next   atomic.Int64
	failed atomic.Bool
	atomic sync.Mutex // held by an atomic operation on global memory

	mu     sync.Mutex
	fault  *Fault
	first  int64 // the block of fault
	writes []span
}

func newRun(k *Kernel, l Launch, m Memory, stop *atomic.Bool) *run {
	if stop == nil {
		stop = new(atomic.Bool)
	}
	return &run{
		kernel: k, launch: l, memory: m, stop: stop,
		blocks: int64(l.Grid[0]) * int64(l.Grid[1]) * int64(l.Grid[2]),
	}
}

func (r *run) run() *Fault {
	workers := min(int64(runtime.GOMAXPROCS(0)), r.blocks)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(r.work)
	}
	wg.Wait()
	if r.fault == nil {
		r.findRaces()
	}
	return r.fault
}

func (r *run) work() {
	b, _ := r.kernel.workers.Get().(*block)
	if b == nil {
		b = &block{kernel: r.kernel}
	}
	b.begin(r)
	for !r.failed.Load() && !r.stop.Load() {
		i := r.next.Add(1) - 1
		if i >= r.blocks {
			break
		}
		if f := b.runAsBlock(i); f != nil {
			r.report(i, f)
			return
		}
	}
	r.mu.Lock()
	r.writes = append(r.writes, b.writes...)
	r.mu.Unlock()
	b.end()
	r.kernel.workers.Put(b)
}

// report keeps the fault of the first block.
func (r *run) report(block int64, f *Fault) {
	r.failed.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault == nil || block < r.first {
		r.fault, r.first = f, block
	}
}
