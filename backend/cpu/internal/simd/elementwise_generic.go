package simd

import (
	"math"

	"github.com/faceclip-go/faceclip-go/tensor"
)

func fromF16Generic(dst []float32, src []uint16) { mapGeneric(dst, src, tensor.FromF16) }

func fromBF16Generic(dst []float32, src []uint16) { mapGeneric(dst, src, tensor.FromBF16) }

func toF16Generic(dst []uint16, src []float32) { mapGeneric(dst, src, tensor.ToF16) }

func toBF16Generic(dst []uint16, src []float32) { mapGeneric(dst, src, tensor.ToBF16) }

func roundBF16Generic(dst, x []float32) {
	mapGeneric(dst, x, func(v float32) float32 { return tensor.FromBF16(tensor.ToBF16(v)) })
}

func pairBF16Generic(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = math.Float32frombits(uint32(tensor.ToBF16(v)) | uint32(tensor.ToBF16(b[i]))<<16)
	}
}

func absMaxGeneric(x []float32) float32 {
	most := uint32(0)
	for _, v := range x {
		most = max(most, math.Float32bits(v)&^(1<<31))
	}
	return math.Float32frombits(most)
}

// actGeneric is Kernels.Act: none, relu, relu6, silu, gelu, gelu-tanh, quick-gelu.
var actGeneric = [7]func(dst, x []float32){
	func(dst, x []float32) { copy(dst, x) },
	func(dst, x []float32) { mapGeneric(dst, x, func(x float32) float32 { return max(x, 0) }) },
	func(dst, x []float32) { mapGeneric(dst, x, func(x float32) float32 { return min(max(x, 0), 6) }) },
	func(dst, x []float32) { mapGeneric(dst, x, silu) },
	func(dst, x []float32) { mapGeneric(dst, x, gelu) },
	func(dst, x []float32) { mapGeneric(dst, x, geluTanh) },
	func(dst, x []float32) { mapGeneric(dst, x, quickGELU) },
}

func mapGeneric[D, X any](dst []D, x []X, f func(X) D) {
	for i, v := range x {
		dst[i] = f(v)
	}
}

func affineGeneric(dst, x, scale, shift []float32) {
	for i, v := range x {
		dst[i] = v*scale[i] + shift[i]
	}
}

func normalizeGeneric(dst, x, mean, scale, shift []float32) {
	for i, v := range x {
		dst[i] = (v-mean[i])*scale[i] + shift[i]
	}
}

func addGeneric(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = v + b[i]
	}
}

func mulGeneric(dst, a, b []float32) {
	for i, v := range a {
		dst[i] = v * b[i]
	}
}

func mulAddGeneric(dst, a, b []float32) {
	for i, v := range a {
		dst[i] += v * b[i]
	}
}

func lincombGeneric(dst []float32, alpha float32, a []float32, beta float32, b []float32) {
	for i, v := range a {
		dst[i] = alpha*v + beta*b[i]
	}
}

func scaleGeneric(x []float32, s float32) {
	for i := range x {
		x[i] *= s
	}
}

func maxGeneric(x []float32) float32 {
	m := x[0]
	for _, v := range x[1:] {
		m = max(m, v)
	}
	return m
}

func expSumGeneric(x []float32, scale, shift float32) float32 {
	var sum lanes
	for i, v := range x {
		v = exp(v*scale - shift)
		x[i] = v
		sum[i%len(sum)] += v
	}
	return sum.total()
}

func sumGeneric(x []float32) float32 {
	var sum lanes
	for i, v := range x {
		sum[i%len(sum)] += v
	}
	return sum.total()
}

func sumSquaresGeneric(x []float32, mean float32) float32 {
	var sum lanes
	for i, v := range x {
		d := v - mean
		sum[i%len(sum)] += d * d
	}
	return sum.total()
}

func addSquaresGeneric(sum, x, mean []float32) {
	for i, v := range x {
		d := v - mean[i]
		sum[i] += d * d
	}
}

// lanes are the partial sums of a long sum: as in assembly, they keep the rounding error small.
type lanes [16]float32

func (l *lanes) total() float32 {
	for n := len(l) / 2; n > 0; n /= 2 {
		for i := range n {
			l[i] += l[i+n]
		}
	}
	return l[0]
}

// The activations x·sigmoid(z) are x/(1 + exp(-z)), which needs no case for large |x|.

func silu(x float32) float32 { return x / (1 + exp(-x)) }

func quickGELU(x float32) float32 { return x / (1 + exp(-1.702*x)) }

// geluTanh uses 1 + tanh(u) = 2·sigmoid(2u).
func geluTanh(x float32) float32 {
	const a = 2 * 0.7978845608028654 // 2·√(2/π)
	return x / (1 + exp(x*(-a-0.044715*a*(x*x))))
}

// gelu is x·Φ(x).
func gelu(x float32) float32 {
	return x * float32(0.5*math.Erfc(float64(x)*-math.Sqrt2/2))
}

// exp computes eˣ = 2ⁿ·eʳ with |r| ≤ ln(2)/2. The range of x covers results from 0 to +Inf.
func exp(x float32) float32 {
	const (
		ln2Hi = 355.0 / 512 // n·ln2Hi is exact
		ln2Lo = math.Ln2 - ln2Hi
		magic = 3 << 22 // adding it rounds to an integer
	)
	if x != x {
		return x
	}
	x = min(max(x, -104), 89)
	t := float32(x*math.Log2E) + magic
	n := int32(math.Float32bits(t)) - int32(math.Float32bits(magic))
	f := t - magic
	r := x - float32(f*ln2Hi) - float32(f*ln2Lo)
	p := float32(1.9875691500e-4)
	p = p*r + 1.3981999507e-3
	p = p*r + 8.3334519073e-3
	p = p*r + 4.1665795894e-2
	p = p*r + 1.6666665459e-1
	p = p*r + 5.0000001201e-1
	p = p*(r*r) + r + 1
	// 2ⁿ in two factors, for subnormal results and for n = 128.
	h := n >> 1
	return p * pow2(h) * pow2(n-h)
}

// pow2 returns 2ⁿ of a normal result.
func pow2(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }
