package cpu

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// A pool shares loops among workers that live as long as it does.
type pool struct {
	workers int
	stop    atomic.Pointer[atomic.Bool]
	jobs    chan *job
	job     job // the loop under way: there is one at a time
}

// A task is the body of a loop. The worker number, below the pool's workers, tells which workspace is its own.
type task interface{ do(worker, i int) }

// A job is one loop. No worker knows it any more when For returns, which is why the next loop may use it again.
type job struct {
	task     task
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

// patience is how long a worker looks for work, and a caller for the end of it, before it sleeps. Waking up takes some 50 µs, as long as
// small tasks; the first worker to end a loop waits for the last as long as half a task, which is less than this but for the largest.
const patience = time.Millisecond

func (p *pool) spin(until func() bool) {
	for began := time.Now(); time.Since(began) < patience; runtime.Gosched() {
		for range 1000 {
			if until() {
				return
			}
		}
	}
}

func (p *pool) close() { close(p.jobs) }

// stopped reports whether kernels should end early.
func (p *pool) stopped() bool {
	stop := p.stop.Load()
	return stop != nil && stop.Load()
}

// For does a task for each i in [0, n), on all workers. Nothing more is begun once the pool is stopped. A panic of the task
// goes on in the caller. It is called by one goroutine at a time, and not by tasks.
func (p *pool) For(n int, t task) {
	j := &p.job
	j.task, j.n, j.stop = t, int64(n), p.stop.Load()
	j.next.Store(0)
	j.panicked.Store(nil)
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
			first := r // r itself would be on the heap, panic or not
			j.panicked.CompareAndSwap(nil, &first)
			j.next.Store(j.n)
		}
	}()
	for i := j.next.Add(1) - 1; i < j.n; i = j.next.Add(1) - 1 {
		if j.stop != nil && j.stop.Load() {
			return
		}
		j.task.do(worker, int(i))
	}
}
