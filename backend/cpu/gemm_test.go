package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// weights returns random weights of any type, as a kernel and as a reference see them. Pad is as for blank.
func weights(r *rand.Rand, dt tensor.DType, pad int, dims ...int) (backend.Tensor, []float32) {
	w := made(dt, pad, dims...)
	var values []float32
	for i := range w.Rows() {
		for j := range w.Dim(-1) {
			v := through(dt, float32(r.NormFloat64()))
			values = append(values, v)
			switch at := w.Row(i) + j; dt {
			case tensor.F16:
				elements[uint16](w)[at] = tensor.ToF16(v)
			case tensor.BF16:
				elements[uint16](w)[at] = tensor.ToBF16(v)
			case tensor.I8:
				w.Mem.Host[w.Offset()+at] = byte(int8(v))
			default:
				elements[float32](w)[at] = v
			}
		}
	}
	return w, values
}

// gemmCase is a call on [shape..., K] and [N, K].
type gemmCase struct {
	shape    []int // of x, without K
	n, k     int
	dt       tensor.DType
	act      backend.Act
	bias     int // rank; 0: none
	add      bool
	gate     int  // rank; 0: none
	pad      int  // elements between rows
	columned bool // x is a range of columns, so that the strides of its rows differ
}

func (c gemmCase) name() string {
	return fmt.Sprintf("%v·%d·%d %v %v bias%d add=%t gate%d pad%d", c.shape, c.n, c.k, c.dt, c.act, c.bias, c.add, c.gate, c.pad)
}

func vectorOfRank(r *rand.Rand, rank, batch, n int) backend.Tensor {
	switch rank {
	case 0:
		return backend.Tensor{}
	case 1:
		return normal(r, 0, n)
	}
	return normal(r, 3, batch, n)
}

// activate is an activation in float64, for those that the cases use.
func activate(f backend.Act, x float64) float64 {
	switch f {
	case backend.SiLU:
		return x / (1 + math.Exp(-x))
	case backend.GELU:
		return x / 2 * math.Erfc(-x/math.Sqrt2)
	case backend.ReLU:
		return max(x, 0)
	}
	return x
}

// product is a Gemm in float64, onto dst.
func product(dst, x backend.Tensor, w []float32, a backend.GemmArgs) (y []float64) {
	n, k, items := dst.Dim(-1), x.Dim(-1), x.Rows()/x.Dim(0)
	scale, bias, gate := vectorOf(a.Scale), vectorOf(a.Bias), vectorOf(a.Gate)
	for r := range x.Rows() {
		row := rowOf(x, r)
		for j := range n {
			sum, old, factor := 0., 0., 1.
			for i := range k {
				sum += float64(row[i]) * float64(w[j*k+i])
			}
			if v := scale.of(0); v != nil {
				sum *= float64(v[j])
			}
			if v := bias.of(r / items); v != nil {
				sum += float64(v[j])
			}
			if a.Add {
				old = float64(rowOf(dst, r)[j])
			}
			if v := gate.of(r / items); v != nil {
				factor = float64(v[j])
			}
			y = append(y, old+factor*activate(a.Act, sum))
		}
	}
	return y
}

// nearSum compares sums of n products of normal deviates, one after the other in float32, with those in float64.
func nearSum(t *testing.T, got []float32, want []float64, n int) {
	t.Helper()
	near(t, "dst", got, want, 2e-7, float64(n+16))
}

func TestGemm(t *testing.T) {
	const f32, f16, bf16, i8 = tensor.F32, tensor.F16, tensor.BF16, tensor.I8
	cases := []gemmCase{
		{shape: []int{1}, n: 1, k: 1, dt: f32},
		{shape: []int{1, 1}, n: 1, k: 0, dt: f32, bias: 1},
		{shape: []int{3}, n: 5, k: 7, dt: f16, bias: 1, pad: 1},
		{shape: []int{2}, n: 70, k: 3001, dt: bf16, bias: 2},
		{shape: []int{2, 7}, n: 33, k: 130, dt: f32, act: backend.SiLU, bias: 2, pad: 3},
		{shape: []int{77}, n: 129, k: 257, dt: bf16, act: backend.GELU, bias: 1},
		{shape: []int{1, 77}, n: 64, k: 512, dt: f16, add: true},
		{shape: []int{2, 3, 5}, n: 31, k: 40, dt: bf16, bias: 2, add: true, gate: 2, pad: 5},
		{shape: []int{2, 31}, n: 17, k: 19, dt: f16, act: backend.ReLU, bias: 1, add: true, gate: 1, columned: true},
		{shape: []int{600}, n: 40, k: 24, dt: f32, pad: 2},
		{shape: []int{300}, n: 700, k: 9, dt: bf16, bias: 1},
		{shape: []int{1, 1}, n: 1, k: 0, dt: i8, bias: 1},
		{shape: []int{3}, n: 5, k: 7, dt: i8, pad: 1},
		{shape: []int{2, 77}, n: 129, k: 601, dt: i8, act: backend.GELU, bias: 2, pad: 3},
		{shape: []int{2, 31}, n: 17, k: 19, dt: i8, act: backend.ReLU, bias: 1, add: true, gate: 1, columned: true},
	}
	for _, c := range cases {
		t.Run(c.name(), func(t *testing.T) {
			r := random(c.name())
			x := normal(r, c.pad, append(slices.Clone(c.shape), c.k)...)
			if c.columned {
				x = normal(r, 2, c.shape[0], c.shape[1]+4, 2*c.k).Slice(1, 1, c.shape[1]+1).Slice(2, 3, c.k+3)
			}
			w, values := weights(r, c.dt, c.pad, c.n, c.k)
			dst := normal(r, c.pad, append(slices.Clone(c.shape), c.n)...)
			a := backend.GemmArgs{Act: c.act, Add: c.add}
			if c.dt == i8 {
				a.Scale = normal(r, 0, c.n)
			}
			a.Bias, a.Gate = vectorOfRank(r, c.bias, c.shape[0], c.n), vectorOfRank(r, c.gate, c.shape[0], c.n)
			want := product(dst, x, values, a)
			onEach(t, func(b *Backend) []float32 {
				y := clone(dst)
				b.Gemm(y, x, w, a)
				between(t, "dst", y)
				return valuesOf(y)
			}, func(t *testing.T, got []float32) { nearSum(t, got, want, c.k) })
		})
	}
}

// TestGemmAgreement compares AVX2 with AVX-512, which sum in the same order.
func TestGemmAgreement(t *testing.T) {
	r := random("agreement")
	x, bias := normal(r, 0, 45, 300), normal(r, 0, 70)
	w, _ := weights(r, tensor.BF16, 0, 70, 300)
	sameBits(t, func(b *Backend) []float32 {
		dst := blank(0, 45, 70)
		b.Gemm(dst, x, w, backend.GemmArgs{Bias: bias})
		return valuesOf(dst)
	})
}

// sameBits makes sure that f returns the same values with each implementation in assembly.
func sameBits(t *testing.T, f func(b *Backend) []float32) {
	t.Helper()
	var want []float32
	for _, k := range simd.Variants() {
		if k.Name == "generic" {
			continue // it does not fuse multiplications with additions
		}
		got := f(opened(t, 2, k))
		if want != nil {
			if i := firstDifference(got, want); i >= 0 {
				t.Fatalf("%s: element %d is %g, want %g", k.Name, i, got[i], want[i])
			}
		}
		want = got
	}
}

// A product that is stopped ends soon, whatever it still had to do.
func TestGemmStop(t *testing.T) {
	r := random("stop")
	x, dst := normal(r, 0, 512, 8192), blank(0, 512, 2048)
	w := made(tensor.BF16, 0, 2048, 8192)
	for _, k := range simd.Variants() {
		t.Run(k.Name, func(t *testing.T) {
			b := opened(t, 2, k)
			var stop atomic.Bool
			b.StopOn(&stop)
			var stopped time.Time
			time.AfterFunc(20*time.Millisecond, func() { stopped = time.Now(); stop.Store(true) })
			b.Gemm(dst, x, w, backend.GemmArgs{})
			if !stop.Load() {
				t.Skip("it ended before it was stopped")
			}
			if took := time.Since(stopped); took > time.Second {
				t.Errorf("%v passed until it ended", took)
			}
		})
	}
}
