package benchmarks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// workers is how many goroutines all benchmarks of this package use: one a core.
var workers = runtime.GOMAXPROCS(0)

// computes are the types of operands of products.
var computes = []tensor.DType{tensor.F32, tensor.BF16, tensor.I8}

// run measures f, which runs on a stream that is large enough for it and rounds operands to a type, and reports speed and memory.
func run(b *testing.B, compute tensor.DType, f func(s *backend.Stream)) {
	device, err := cpu.Open(workers)
	if err != nil {
		b.Fatal(err)
	}
	defer device.Close()
	types := backend.Types{Act: tensor.F32, Compute: compute}
	cost := backend.Measure(device, types, f)
	s, err := backend.NewStream(device, types, cost.Peak)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	fillArena(s, cost.Peak)
	once := func() {
		if err := s.Do(context.Background(), func() { f(s) }); err != nil {
			b.Fatal(err)
		}
	}
	once()
	r := roofline{peak: func() float64 { return device.PeakFLOPS(compute, 40*time.Millisecond) }}
	for b.Loop() {
		b.StopTimer()
		r.measure()
		b.StartTimer()
		r.add(float64(cost.FLOPs), once)
	}
	b.StopTimer()
	r.measure()
	rate, share := r.result()
	b.ReportMetric(rate/1e9, "GFLOP/s")
	b.ReportMetric(100*share, "%peak")
	b.ReportMetric(float64(cost.Bytes)*rate/float64(cost.FLOPs)/1e9, "GB/s")
	b.ReportMetric(float64(cost.Peak)/1e6, "arena-MB")
}

// A roofline compares a speed with what the processor can do at most, which it measures in turns: what neighbours do changes the
// clock within seconds.
type roofline struct {
	peak  func() float64 // measures operations a second
	peaks []float64
	spans []span // span i lies between peaks i and i+1
}

// A span is operations and the seconds that they took.
type span struct{ flops, seconds float64 }

// interval is how long a span lasts at least.
const interval = 300 * time.Millisecond

// measure measures the peak if the last time is long enough ago.
func (r *roofline) measure() {
	n := len(r.peaks)
	if n > 0 && r.spans[n-1].seconds < interval.Seconds() {
		return
	}
	r.peaks, r.spans = append(r.peaks, r.peak()), append(r.spans, span{})
}

// add runs f, which does so many operations.
func (r *roofline) add(flops float64, f func()) {
	began := time.Now()
	f()
	s := &r.spans[len(r.spans)-1]
	s.flops += flops
	s.seconds += time.Since(began).Seconds()
}

// result returns the median of operations a second, and of their share of the peak.
func (r *roofline) result() (rate, share float64) {
	var rates, shares []float64
	for i, s := range r.spans {
		if s.seconds > 0 {
			next := r.peaks[min(i+1, len(r.peaks)-1)]
			rates = append(rates, s.flops/s.seconds)
			shares = append(shares, 2*s.flops/s.seconds/(r.peaks[i]+next))
		}
	}
	return median(rates), median(shares)
}

// fillArena fills what operands will be taken from with numbers around 0, so that none is denormal or infinite.
func fillArena(s *backend.Stream, bytes int) {
	defer s.Release(s.Mark())
	block, random := make([]float32, min(bytes/4, 1<<20)), rand.New(rand.NewPCG(1, 2))
	for i := range block {
		block[i] = random.Float32() - 0.5
	}
	all := s.NewOf(tensor.F32, bytes/4)
	for at := 0; at < all.Len(); at += len(block) {
		copy(tensor.Float32s(all)[at:], block)
	}
}

// BenchmarkPeak measures the roofline: multiplications and additions a second of each instruction that products use, and the
// bytes a second that can be read, for one worker and for all.
func BenchmarkPeak(b *testing.B) {
	for _, name := range cpu.Variants() {
		for _, n := range slices.Compact([]int{1, workers}) {
			b.Setenv(cpu.EnvVar, name)
			device, err := cpu.Open(n)
			if err != nil {
				b.Fatal(err)
			}
			for _, dt := range computes {
				b.Run(fmt.Sprintf("%s/%v/%d", name, dt, n), func(b *testing.B) {
					var flops float64
					for b.Loop() {
						flops = device.PeakFLOPS(dt, 200*time.Millisecond)
					}
					b.ReportMetric(flops/1e9, "GFLOP/s")
				})
			}
			b.Run(fmt.Sprintf("%s/memory/%d", name, n), func(b *testing.B) {
				var bytes float64
				for b.Loop() {
					if bytes, err = device.Bandwidth(time.Second); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(bytes/1e9, "GB/s")
			})
			device.Close()
		}
	}
}

func BenchmarkGemm(b *testing.B) {
	for _, shape := range gemmShapes {
		for _, compute := range computes {
			for _, dt := range weightsOf[compute] {
				b.Run(fmt.Sprintf("%s/%dx%dx%d/%v/%v", shape.name, shape.m, shape.n, shape.k, compute, dt), func(b *testing.B) {
					w := randomWeight(dt, shape.n, shape.k)
					run(b, compute, func(s *backend.Stream) { s.Gemm(tensor.Tensor{}, s.New(shape.m, shape.k), w, backend.GemmArgs{}) })
				})
			}
		}
	}
}

// weightsOf are types of weights to measure for each type of operands.
var weightsOf = map[tensor.DType][]tensor.DType{
	tensor.F32: {tensor.F32, tensor.BF16, tensor.F16}, tensor.BF16: {tensor.BF16, tensor.F16}, tensor.I8: {tensor.I8},
}

func BenchmarkConv(b *testing.B) {
	for _, c := range convShapes {
		args := backend.ConvArgs{Stride: 1, Pad: [4]int{1, 1, 1, 1}}
		if c.upscale {
			args.Upsample = [2]int{2 * c.h, 2 * c.w}
		}
		if c.norm {
			args.Norm = backend.NormArgs{Groups: 32, Eps: 1e-5, Act: backend.SiLU}
		}
		for _, compute := range computes {
			b.Run(fmt.Sprintf("%s/%dx%dx%dx%d-%d/%v", c.name, c.batch, c.h, c.w, c.in, c.out, compute), func(b *testing.B) {
				dt := tensor.BF16
				if compute == tensor.I8 {
					dt = tensor.I8
				}
				w := randomWeight(dt, c.out, 3, 3, c.in)
				run(b, compute, func(s *backend.Stream) { s.Conv2D(tensor.Tensor{}, s.New(c.batch, c.h, c.w, c.in), w, args) })
			})
		}
	}
}

func BenchmarkAttention(b *testing.B) {
	for _, a := range attentionShapes {
		for _, compute := range []tensor.DType{tensor.F32, tensor.BF16} {
			b.Run(fmt.Sprintf("%s/%dx%dx%dx%dx%d/%v", a.name, a.batch, a.lq, a.lk, a.heads, a.d, compute), func(b *testing.B) {
				run(b, compute, func(s *backend.Stream) {
					q, k, v := s.New(a.batch, a.lq, a.heads, a.d), s.New(a.batch, a.lk, a.heads, a.d), s.New(a.batch, a.lk, a.heads, a.d)
					s.Attention(tensor.Tensor{}, q, k, v, backend.AttentionArgs{Scale: 0.125})
				})
			})
		}
	}
}

// randomWeight returns weights in host memory.
func randomWeight(dt tensor.DType, dims ...int) backend.Weight {
	if dt != tensor.I8 {
		return backend.Weight{Matrix: randomTensor(dt, dims...)}
	}
	w := backend.Weight{Matrix: tensor.Make(tensor.HostMemory(make([]byte, tensor.Make(nil, 0, dt, dims...).Len())), 0, dt, dims...)}
	for i, codes := 0, tensor.Bytes(w.Matrix); i < len(codes); i++ {
		codes[i] = byte(rand.IntN(255) - 127)
	}
	w.Scale = tensor.FromFloat32s(slices.Repeat([]float32{1. / 127}, dims[0]), dims[0])
	return w
}

// randomTensor returns weights in host memory.
func randomTensor(dt tensor.DType, dims ...int) tensor.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	t := tensor.Make(tensor.HostMemory(make([]byte, n*dt.Size())), 0, dt, dims...)
	if dt == tensor.F32 {
		for i, values := 0, tensor.Float32s(t); i < n; i++ {
			values[i] = rand.Float32() - 0.5
		}
		return t
	}
	round := tensor.ToBF16
	if dt == tensor.F16 {
		round = tensor.ToF16
	}
	for i, codes := 0, tensor.Uint16s(t); i < n; i++ {
		codes[i] = round(rand.Float32() - 0.5)
	}
	return t
}
