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
	Calls map[string]int // by kernel
}

// Measure runs f on a device that computes nothing.
func Measure(act tensor.DType, f func(*Stream)) Cost {
	d := &dry{calls: map[string]int{}}
	s := &Stream{b: d, act: act, mem: &tensor.Memory{Size: math.MaxInt}, stop: new(atomic.Bool)}
	f(s)
	return Cost{Peak: s.peak, FLOPs: d.flops, Calls: d.calls}
}

// dry is the Backend of Measure.
type dry struct {
	flops int64
	calls map[string]int
}

func (d *dry) Name() string                                     { return "dry" }
func (d *dry) Alloc(n int) (*tensor.Memory, error)              { return &tensor.Memory{Size: n}, nil }
func (d *dry) Free(*tensor.Memory)                              {}
func (d *dry) Upload(Tensor, func([]byte))                      {}
func (d *dry) Supports(Types) error                             { return nil }
func (d *dry) Reaches(Tensor) bool                              { return true }
func (d *dry) Download([]byte, Tensor)                          {}
func (d *dry) Sync() error                                      { return nil }
func (d *dry) StopOn(*atomic.Bool)                              {}
func (d *dry) Scratch() int                                     { return 0 }
func (d *dry) Close() error                                     { return nil }
func (d *dry) LayerNorm(Tensor, Tensor, NormArgs)               { d.count("LayerNorm") }
func (d *dry) RMSNorm(Tensor, Tensor, NormArgs)                 { d.count("RMSNorm") }
func (d *dry) GroupNorm(Tensor, Tensor, NormArgs)               { d.count("GroupNorm") }
func (d *dry) Rope(Tensor, Tensor, Tensor)                      { d.count("Rope") }
func (d *dry) Act(Tensor, Tensor, Act)                          { d.count("Act") }
func (d *dry) Glu(Tensor, Tensor, Tensor, Act)                  { d.count("Glu") }
func (d *dry) Add(Tensor, Tensor, Tensor)                       { d.count("Add") }
func (d *dry) Gather(Tensor, Tensor, Tensor)                    { d.count("Gather") }
func (d *dry) Copy(Tensor, Tensor)                              { d.count("Copy") }
func (d *dry) Lincomb(Tensor, float32, Tensor, float32, Tensor) { d.count("Lincomb") }

// count counts a call whose operations are the product of the factors.
func (d *dry) count(kernel string, factors ...int) {
	d.calls[kernel]++
	if len(factors) > 0 {
		d.flops = Sum(d.flops, Product(factors...))
	}
}

func (d *dry) Gemm(dst, x Tensor, w Weight, _ GemmArgs) {
	d.count("Gemm", 2, dst.Len(), w.Matrix.Dim(1))
}

func (d *dry) Conv2D(dst, x Tensor, w Weight, _ ConvArgs) {
	d.count("Conv2D", 2, dst.Len(), w.Matrix.Dim(1), w.Matrix.Dim(2), w.Matrix.Dim(3))
}

func (d *dry) Attention(dst, q, k, v Tensor, _ AttentionArgs) {
	d.count("Attention", 2, q.Len()+dst.Len(), k.Dim(1))
}

func (d *dry) DeformAttention(Tensor, Tensor, Tensor, Tensor, DeformArgs) {
	d.count("DeformAttention")
}
