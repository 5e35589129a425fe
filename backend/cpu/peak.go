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
	b.pool.For(b.pool.workers, measuring(func(int) {
		for time.Since(began) < d {
			done.Add(product.Peak(turns))
		}
	}))
	return float64(done.Load()) / time.Since(began).Seconds()
}

// Bandwidth measures for about d how many bytes a second all workers together can read from memory that no cache holds.
func (b *Backend) Bandwidth(d time.Duration) (float64, error) {
	const piece = 1 << 18 // numbers; of the whole 1 GiB
	m, err := b.Alloc(1 << 30)
	if err != nil {
		return 0, err
	}
	defer b.Free(m)
	numbers := tensor.Float32s(tensor.Make(m, 0, tensor.F32, m.Size/4))
	for i := 0; i < len(numbers); i += 1 << 10 {
		numbers[i] = 1 // the system gives each page where it is written to
	}
	var read atomic.Int64
	began := time.Now()
	for time.Since(began) < d {
		b.pool.For(len(numbers)/piece, measuring(func(i int) {
			b.k.AbsMax(numbers[i*piece : (i+1)*piece])
			read.Add(4 * piece)
		}))
	}
	return float64(read.Load()) / time.Since(began).Seconds(), nil
}

// measuring is a task that is measured.
type measuring func(i int)

func (m measuring) do(_, i int) { m(i) }
