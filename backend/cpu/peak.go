package cpu

import (
	"sync/atomic"
	"time"
)

// PeakFLOPS measures for about d how many multiplications and additions a second all workers together can do at most.
func (b *Backend) PeakFLOPS(d time.Duration) float64 {
	const turns = 1 << 16
	var done atomic.Int64
	began := time.Now()
	b.pool.For(b.pool.workers, func(_, _ int) {
		for time.Since(began) < d {
			done.Add(b.k.Peak(turns))
		}
	})
	return float64(done.Load()) / time.Since(began).Seconds()
}
