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
	helpers  atomic.Int32 // still at work
	done     sync.WaitGroup
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
	for {
		p.spin(func() bool { return len(p.jobs) > 0 })
		j, ok := <-p.jobs
		if !ok {
			return
		}
		j.run(worker)
		j.helpers.Add(-1)
		j.done.Done()
	}
}

// spins is how often a worker looks for work, and a caller for the end of it, before it sleeps. Waking up takes longer
// than the gap between two kernels, which this covers.
const spins = 20_000

func (p *pool) spin(until func() bool) {
	for i := 0; i < spins && !until(); i++ {
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
	j.helpers.Store(int32(helpers))
	for range helpers {
		j.done.Add(1)
		p.jobs <- j
	}
	j.run(0)
	p.spin(func() bool { return j.helpers.Load() <= 0 })
	j.done.Wait()
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
