package benchmarks

import (
	"context"
	"flag"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	_ "github.com/faceclip-go/faceclip-go/backend/cuda" // for -device
	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/t5"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

var (
	deviceName = flag.String("device", "cpu", "the `NAME` of the device for BenchmarkProducts and the tests named Full")
	actName    = flag.String("act", "", "the type of activations for BenchmarkProducts, `f32` or bf16; what the device has if empty")
)

// A network is one of the published size at 864×1152, and a pass of it.
type network struct {
	name, checkpoint string
	make             func(nn.Params) func(*backend.Stream)
}

var networks = []network{
	{"unet", keys.SDXLUNet, func(p nn.Params) func(*backend.Stream) {
		unet := sdxl.New(p, sdxl.Published)
		return func(s *backend.Stream) {
			time, added := s.NewOf(tensor.F32, 2, 320), s.NewOf(tensor.F32, 2, 2816)
			unet.Forward(s, s.New(2, 144, 108, 4), time, added, s.New(2, 77, 2048))
		}
	}},
	{"dit", keys.FLUXDiT, func(p nn.Params) func(*backend.Stream) {
		c := flux.Published
		dit := flux.New(p, c)
		return func(s *backend.Stream) {
			prompt := flux.Prompt{Text: s.New(1, fluxText, c.TextWidth), Pooled: s.NewOf(tensor.F32, 1, c.PooledWidth)}
			dit.Forward(s, s.New(1, fluxImage, c.InChannels), prompt, c.Rotation(s, fluxText, 72, 54), 1000)
		}
	}},
	{"decoder", keys.SDXLVAE, func(p nn.Params) func(*backend.Stream) {
		decoder := vae.NewDecoder(p, vae.PublishedSDXL)
		return func(s *backend.Stream) { decoder.Into(s, s.New(1, 1152, 864, 3), s.New(1, 144, 108, 4)) }
	}},
	{"t5", keys.FaceT5Encoder, func(p nn.Params) func(*backend.Stream) {
		encoder := t5.New(p.At("encoder_2.t5_encoder"), t5.XXL)
		return func(s *backend.Stream) {
			encoder.Into(s, s.New(1, fluxText, t5.XXL.Width), s.PutIDs(make([]int32, fluxText), 1, fluxText))
		}
	}},
	{"faceclip", keys.FaceCLIPEncoder, func(p nn.Params) func(*backend.Stream) {
		e := encoder.New(p, encoder.Published)
		in := encoder.Input{IDs: make([]int32, 77), Replaced: []int{4}, Faces: [][]float32{make([]float32, 3*112*112)}}
		return func(s *backend.Stream) { e.Forward(s, in) }
	}},
}

// BenchmarkProducts measures every product of the networks alone, on -device. Each is named by its shapes; calls is how often a pass
// has it.
func BenchmarkProducts(b *testing.B) {
	device, act := openDevice(b)
	for _, n := range networks {
		b.Run(n.name, func(b *testing.B) {
			all, calls := productsOf(b, n)
			for _, p := range all {
				b.Run(p.String(), func(b *testing.B) {
					p.measure(b, device, act)
					b.ReportMetric(float64(calls[p]), "calls")
				})
			}
		})
	}
}

// openDevice returns the device of the flags and the type of activations to measure.
func openDevice(t testing.TB) (backend.Backend, tensor.DType) {
	t.Helper()
	device, err := backend.Open(*deviceName, backend.Config{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	act := tensor.BF16
	if *actName == tensor.F32.String() || *actName == "" && device.Supports(backend.Types{Act: act}) != nil {
		act = tensor.F32
	}
	return device, act
}

// measure reports how long a call takes, of as many as keep a device busy before it is waited for.
func (p product) measure(b *testing.B, device backend.Backend, act tensor.DType) {
	prepare := func(s *backend.Stream) { p.prepare(s)() }
	s, err := backend.NewStream(device, backend.Types{Act: act}, backend.Measure(device, backend.Types{Act: act}, prepare).Peak)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var call func()
	if err := s.Keep(context.Background(), func() { call = p.prepare(s) }); err != nil {
		b.Fatal(err)
	}
	repeat := func(n int) time.Duration {
		began := time.Now()
		err := s.Do(context.Background(), func() {
			for range n {
				call()
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	repeat(1) // loads weights
	n := min(max(1, int(20*time.Millisecond/repeat(1))), 100)
	var took time.Duration
	calls := 0
	for b.Loop() {
		took += repeat(n)
		calls += n
	}
	each := took.Seconds() / float64(calls)
	b.ReportMetric(0, "ns/op") // of several calls
	b.ReportMetric(each*1e6, "µs/call")
	b.ReportMetric(p.flops()/each/1e12, "TFLOP/s")
}

// prepare makes operands and returns the call.
func (p product) prepare(s *backend.Stream) func() {
	x := noise(s, p.x)
	switch p.op {
	case "Gemm":
		w := backend.Weight{Matrix: pattern(p.y)}
		a := backend.GemmArgs{Act: p.act, Add: p.add, Bias: p.vector(s)}
		dst := s.Gemm(tensor.Tensor{}, x, w, backend.GemmArgs{})
		return func() { s.Gemm(dst, x, w, a) }
	case "Conv2D":
		w := backend.Weight{Matrix: pattern(p.y)}
		a := backend.ConvArgs{Bias: p.vector(s), Stride: p.stride, Pad: p.pad, Upsample: p.enlarge}
		dst := s.Conv2D(tensor.Tensor{}, x, w, a)
		a.Add = p.add
		return func() { s.Conv2D(dst, x, w, a) }
	}
	k, v, heads := noise(s, p.y), noise(s, p.z), p.x[2]
	a := backend.AttentionArgs{Scale: 0.125, Causal: p.causal}
	if p.bias {
		a.Bias = s.Table(fill, heads, p.x[1], p.y[1])
	}
	dst := s.Attention(tensor.Tensor{}, x, k, v, a)
	return func() { s.Attention(dst, x, k, v, a) }
}

// vector returns a bias, if there is one.
func (p product) vector(s *backend.Stream) tensor.Tensor {
	if !p.bias {
		return tensor.Tensor{}
	}
	return s.Table(fill, p.y[0])
}

// flops returns how many operations a call takes.
func (p product) flops() float64 {
	n := func(factors ...int) float64 {
		product := 2.0
		for _, f := range factors {
			product *= float64(f)
		}
		return product
	}
	switch p.op {
	case "Gemm":
		return n(p.x[0], p.x[1], p.y[0])
	case "Conv2D":
		h, w := p.x[1], p.x[2]
		if p.enlarge != [2]int{} {
			h, w = p.enlarge[0], p.enlarge[1]
		}
		oh, ow := (h+p.pad[0]+p.pad[2]-p.y[1])/p.stride+1, (w+p.pad[1]+p.pad[3]-p.y[2])/p.stride+1
		return n(p.x[0], oh, ow, p.y[0], p.y[1], p.y[2], p.y[3])
	}
	return n(p.x[0], p.x[1], p.x[2], p.y[1], p.x[3]) + n(p.x[0], p.x[1], p.x[2], p.y[1], p.z[3])
}

// noise returns activations around 0: a device draws more power, and is slower, than with zeros.
func noise(s *backend.Stream, d [tensor.MaxRank]int) tensor.Tensor {
	return s.PutFunc(fill, trimmed(d)...)
}

// fill repeats some random numbers.
func fill(v []float32) {
	for at, some := 0, someNumbers(); at < len(v); at += len(some) {
		copy(v[at:], some)
	}
}

var someNumbers = sync.OnceValue(func() []float32 {
	v, random := make([]float32, 1<<20-1), rand.New(rand.NewPCG(1, 2))
	for i := range v {
		v[i] = random.Float32() - 0.5
	}
	return v
})

// pattern returns weights of bfloat16 in host memory.
func pattern(d [tensor.MaxRank]int) tensor.Tensor {
	shape := trimmed(d)
	t := tensor.Make(nil, 0, tensor.BF16, shape...)
	t = tensor.Make(tensor.HostMemory(make([]byte, 2*t.Len())), 0, tensor.BF16, shape...)
	some, codes := someNumbers(), tensor.Uint16s(t)
	for i := range codes {
		codes[i] = tensor.ToBF16(some[i%len(some)])
	}
	return t
}

// trimmed returns dimensions without the zeros after them.
func trimmed(d [tensor.MaxRank]int) []int {
	n := slices.Index(d[:], 0)
	if n < 0 {
		n = len(d)
	}
	return d[:n]
}
