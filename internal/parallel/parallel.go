// Package parallel shares a loop among goroutines, for what runs outside of a device's workers.
package parallel

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Each calls f for each i in [0, n), on all processors. A panic of f, such as that of a caller's picture or the fault of a
// mapped file that was cut, ends the loop and goes on in the caller: in a goroutine of ours nobody could recover it.
func Each(n int, f func(i int)) {
	var (
		group    sync.WaitGroup
		next     atomic.Int64
		panicked atomic.Pointer[any]
	)
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			debug.SetPanicOnFault(true)
			defer func() {
				if r := recover(); r != nil {
					panicked.CompareAndSwap(nil, &r)
					next.Store(int64(n))
				}
			}()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	group.Wait()
	if r := panicked.Load(); r != nil {
		panic(*r)
	}
}

// Ranges is Each for ranges of [0, n), one for each processor.
func Ranges(n int, f func(lo, hi int)) {
	size := max(1, (n+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	Each((n+size-1)/size, func(i int) { f(i*size, min((i+1)*size, n)) })
}
