// Package steady tells tests whether code that runs again and again takes memory of the heap or makes goroutines.
package steady

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

// Check fails the test if f, when it has run once, allocates or makes goroutines, be it on other goroutines than its own.
func Check(t *testing.T, f func()) {
	t.Helper()
	runtime.GC() // which makes goroutines of its own when it first runs
	f()
	before := created()
	if n := testing.AllocsPerRun(5, f); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := created() - before; n != 0 {
		t.Errorf("%d goroutines made", n)
	}
}

// created returns how many goroutines there have ever been.
func created() uint64 {
	sample := []metrics.Sample{{Name: "/sched/goroutines-created:goroutines"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
