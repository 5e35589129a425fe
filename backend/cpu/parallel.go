package cpu

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// A pool shares loops among workers that live as long as it does.
type pool struct {
	workers int
	stop    atomic.Pointer[atomic.Bool]
	jobs    chan *job
}

// A job is one loop under way.
type job struct {
	body     func(worker, i int)
	n        int64
	next     atomic.Int64
	stop     *atomic.Bool
	helpers  sync.WaitGroup
	panicked atomic.Pointer[any]
}

func newPool(workers int) *pool {
	p := &pool{workers: workers, jobs: make(chan *job, workers)}
	for w := 1; w < workers; w++ {
		go p.work(w)
	}
	return p
}

func (p *pool) work(worker int) {
	debug.SetPanicOnFault(true) // bodies read mapped files
	for j := range p.jobs {
		j.run(worker)
		j.helpers.Done()
	}
}

func (p *pool) close() { close(p.jobs) }

// stopped reports whether kernels should end early.
func (p *pool) stopped() bool {
	stop := p.stop.Load()
	return stop != nil && stop.Load()
}

// For calls body for each i in [0, n), on all workers. The worker number, below p.workers, tells which workspace is
// the body's own. No further body is begun once the pool is stopped. A panic of a body goes on in the caller.
func (p *pool) For(n int, body func(worker, i int)) {
	j := &job{body: body, n: int64(n), stop: p.stop.Load()}
	helpers := min(p.workers, n) - 1
	for range helpers {
		j.helpers.Add(1)
		p.jobs <- j
	}
	j.run(0)
	j.helpers.Wait()
	if r := j.panicked.Load(); r != nil {
		panic(*r)
	}
}

func (j *job) run(worker int) {
	defer func() {
		if r := recover(); r != nil {
			j.panicked.CompareAndSwap(nil, &r)
			j.next.Store(j.n)
		}
	}()
	for i := j.next.Add(1) - 1; i < j.n; i = j.next.Add(1) - 1 {
		if j.stop != nil && j.stop.Load() {
			return
		}
		j.body(worker, int(i))
	}
}
