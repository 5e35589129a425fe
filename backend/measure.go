package backend

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Cost is what a sequence of operations would take.
type Cost struct {
	Peak  int            // bytes of arena
	FLOPs int64          // of Gemm, Conv2D and Attention; a multiplication and an addition are two
	Bytes int64          // of all operands, each counted by every operation that reads or writes it
	Calls map[string]int // by operation, uploads and downloads among them
}

// Measure runs f on a Stream of b that computes nothing. Operations are checked, but for where operands lie: there may be no
// memory.
func Measure(b Backend, types Types, f func(*Stream)) Cost {
	cost, _ := MeasureContext(context.Background(), b, types, f)
	return cost
}

// givenUp is the panic of an operation that was to be measured after the context had ended.
type givenUp struct{}

// MeasureContext is Measure until ctx ends: then it ends f at the next operation and returns the error of ctx.
func MeasureContext(ctx context.Context, b Backend, types Types, f func(*Stream)) (cost Cost, err error) {
	cost.Calls = map[string]int{}
	s := &Stream{b: b, types: types.complete(), mem: &tensor.Memory{Size: math.MaxInt}, stop: new(atomic.Bool), cost: &cost}
	defer context.AfterFunc(ctx, func() { s.stop.Store(true) })()
	defer func() {
		cost.Peak = s.peak
		switch r := recover(); {
		case r == givenUp{}:
			err = ctx.Err()
		case r != nil:
			panic(r)
		}
	}()
	f(s)
	return cost, ctx.Err()
}

// Operations returns how many calls there are of all kinds together.
func (c Cost) Operations() int {
	n := 0
	for _, calls := range c.Calls {
		n += calls
	}
	return n
}

// bytes returns the bytes of all operands, weights as products use them.
func (c *call) bytes() int64 {
	n := int64(0)
	for i, t := range c.s.operands[:c.n] {
		dt := t.DType()
		if i+1 == c.weights && dt.Float() && c.s.types.Act != tensor.F32 {
			dt = c.s.types.Act
		}
		n = Sum(n, Product(t.Len(), dt.Size()))
	}
	return n
}

// flops counts operations, the product of the factors, where they are measured.
func (c *call) flops(factors ...int) {
	if c.s.cost != nil {
		c.s.cost.FLOPs = Sum(c.s.cost.FLOPs, Product(factors...))
	}
}
