package benchmarks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// workers is how many goroutines all benchmarks of this package use: one a core.
var workers = runtime.GOMAXPROCS(0)

// peakFLOPS is measured once, at the start of a run.
var peakFLOPS = sync.OnceValue(func() float64 {
	b, err := cpu.Open(workers)
	if err != nil {
		panic(err)
	}
	defer b.Close()
	return b.PeakFLOPS(time.Second)
})

// run measures f, which runs on a stream that is large enough for it, and reports speed and memory.
func run(b *testing.B, f func(s *backend.Stream)) {
	peak := peakFLOPS()
	device, err := cpu.Open(workers)
	if err != nil {
		b.Fatal(err)
	}
	defer device.Close()
	cost := backend.Measure(device, tensor.F32, f)
	s, err := backend.NewStream(device, tensor.F32, cost.Peak)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	fillArena(s, cost.Peak)
	began, n := time.Now(), 0
	for b.Loop() {
		if n == 0 {
			began = time.Now()
		}
		if err := s.Do(context.Background(), func() { f(s) }); err != nil {
			b.Fatal(err)
		}
		n++
	}
	flops := float64(cost.FLOPs) * float64(n) / time.Since(began).Seconds()
	b.ReportMetric(flops/1e9, "GFLOP/s")
	b.ReportMetric(100*flops/peak, "%peak")
	b.ReportMetric(float64(cost.Peak)/1e6, "arena-MB")
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

// BenchmarkPeak reports the multiplications and additions a second that the processor can do at most.
func BenchmarkPeak(b *testing.B) {
	device, err := cpu.Open(workers)
	if err != nil {
		b.Fatal(err)
	}
	defer device.Close()
	var flops float64
	for b.Loop() {
		flops = device.PeakFLOPS(200 * time.Millisecond)
	}
	b.ReportMetric(flops/1e9, "GFLOP/s")
	b.Logf("%s, %d workers", device.Kernels(), workers)
}

func BenchmarkGemm(b *testing.B) {
	for _, shape := range gemmShapes {
		for _, dt := range []tensor.DType{tensor.F32, tensor.BF16, tensor.F16} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d/%v", shape.name, shape.m, shape.n, shape.k, dt), func(b *testing.B) {
				w := backend.Weight{Matrix: randomTensor(dt, shape.n, shape.k)}
				run(b, func(s *backend.Stream) { s.Gemm(tensor.Tensor{}, s.New(shape.m, shape.k), w, backend.GemmArgs{}) })
			})
		}
	}
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
		b.Run(fmt.Sprintf("%s/%dx%dx%dx%d-%d", c.name, c.batch, c.h, c.w, c.in, c.out), func(b *testing.B) {
			w := backend.Weight{Matrix: randomTensor(tensor.BF16, c.out, 3, 3, c.in)}
			run(b, func(s *backend.Stream) { s.Conv2D(tensor.Tensor{}, s.New(c.batch, c.h, c.w, c.in), w, args) })
		})
	}
}

func BenchmarkAttention(b *testing.B) {
	for _, a := range attentionShapes {
		b.Run(fmt.Sprintf("%s/%dx%dx%dx%dx%d", a.name, a.batch, a.lq, a.lk, a.heads, a.d), func(b *testing.B) {
			run(b, func(s *backend.Stream) {
				q, k, v := s.New(a.batch, a.lq, a.heads, a.d), s.New(a.batch, a.lk, a.heads, a.d), s.New(a.batch, a.lk, a.heads, a.d)
				s.Attention(tensor.Tensor{}, q, k, v, backend.AttentionArgs{Scale: 0.125})
			})
		})
	}
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
