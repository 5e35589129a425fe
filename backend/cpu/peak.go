package cpu

import (
	"sync/atomic"
	"time"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// PeakFLOPS measures for about d how many multiplications and additions of operands of type F32, BF16 or I8 a second all workers
// together can do at most.
func (b *Backend) PeakFLOPS(operands tensor.DType, d time.Duration) float64 {
	const turns = 1 << 16
	product := b.k.Product(operands)
	var done atomic.Int64
	began := time.Now()
	b.pool.For(b.pool.workers, func(_, _ int) {
		for time.Since(began) < d {
			done.Add(product.Peak(turns))
		}
	})
	return float64(done.Load()) / time.Since(began).Seconds()
}
