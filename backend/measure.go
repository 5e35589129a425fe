package backend

import (
	"math"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Cost is what a sequence of operations would take.
type Cost struct {
	Peak  int            // bytes of arena
	FLOPs int64          // of Gemm, Conv2D and Attention; a multiplication and an addition are two
	Calls map[string]int // by operation, uploads and downloads among them
}

// Measure runs f on a Stream that computes nothing. Operations are checked, but for where operands lie: there may be no memory.
func Measure(act tensor.DType, f func(*Stream)) Cost {
	cost := Cost{Calls: map[string]int{}}
	s := &Stream{act: act, mem: &tensor.Memory{Size: math.MaxInt}, stop: new(atomic.Bool), cost: &cost}
	f(s)
	cost.Peak = s.peak
	return cost
}

// flops counts operations, the product of the factors, where they are measured.
func (c *call) flops(factors ...int) {
	if c.s.cost != nil {
		c.s.cost.FLOPs = Sum(c.s.cost.FLOPs, Product(factors...))
	}
}
