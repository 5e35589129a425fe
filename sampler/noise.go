package sampler

import (
	"fmt"
	"iter"
	"math"
	"sync"

	"gonum.org/v1/gonum/mathext/prng"

	"github.com/faceclip-go/faceclip-go/tensor"
)

const (
	block  = 16 // torch transforms uniform numbers to normal ones in blocks of 16
	half   = block / 2
	piece  = 1 << 14
	levels = 256 // of a bfloat16 uniform number
	mean   = 0   // is added as torch adds it: that turns a negative zero into zero
)

// A Torch is a version of PyTorch whose numbers a generator draws.
type Torch string

// The versions that draw differently.
const (
	// Torch26 is PyTorch 2.6, and others before 2.15. Numbers of bfloat16 are made of uniform ones of 8 bits, each step rounded.
	Torch26 Torch = "torch-2.6"
	// Torch215 is PyTorch 2.15. Numbers of bfloat16 are those of float32, rounded. Where they are more than 16, and not a multiple
	// of it, the last 16 are a block of their own.
	Torch215 Torch = "torch-2.15"
)

// Torches are all versions, the default first.
var Torches = []Torch{Torch26, Torch215}

// A Generator draws the numbers that torch draws on a CPU with torch.Generator().manual_seed(seed), one torch.randn after another.
type Generator struct {
	words *prng.MT19937
	like  Torch
}

// NewGenerator returns a generator that draws like a version of torch. Of the seed only the lowest 32 bits count: a uint64 is
// converted.
func NewGenerator(seed int64, like Torch) *Generator {
	words := prng.NewMT19937()
	words.Seed(uint64(seed))
	return &Generator{words, like}
}

// Normal returns the first n numbers that torch 2.6 draws by
//
//	torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=dt)
//
// for dt BF16, exactly, or F32, to 2e-6 as torch itself varies with the processor. The two are different draws, not
// roundings of one.
func Normal(seed int64, n int, dt tensor.DType) []float32 {
	return NewGenerator(seed, Torch26).Normal(n, dt)
}

// Normal returns the next numbers: torch.randn(n, generator=g, dtype=dt).
func (g *Generator) Normal(n int, dt tensor.DType) []float32 {
	all := make([]float32, n)
	for at, values := range g.Pieces(n, dt) {
		copy(all[at:], values)
	}
	return all
}

// Pieces gives the numbers of [Generator.Normal] in pieces, each with the place of its first number and valid until the next. The
// last one may begin among numbers that were given before: then it replaces those.
func (g *Generator) Pieces(n int, dt tensor.DType) iter.Seq2[int, []float32] {
	transform := g.transform(dt)
	return func(yield func(int, []float32) bool) {
		words := g.words
		if n < block {
			values := make([]float32, n)
			drawFew(words, values, dt)
			yield(0, values)
			return
		}
		var values [piece]float32
		draw := func(values []float32) []float32 {
			var drawn [block]uint32
			for i := 0; i < len(values); i += block {
				for j := range drawn {
					drawn[j] = words.Uint32()
				}
				transform(values[i:], drawn[:])
			}
			return values
		}
		whole := n / block * block
		for at := 0; at < whole; at += piece {
			if !yield(at, draw(values[:min(piece, whole-at)])) {
				return
			}
		}
		if whole < n { // torch draws a fresh block that covers the rest and part of the block before
			if !g.rounds(dt) { // after numbers for the rest
				for range n - whole {
					words.Uint32()
				}
			}
			yield(n-block, draw(values[:block]))
		}
	}
}

// rounds reports whether numbers of a type are those of float32, rounded.
func (g *Generator) rounds(dt tensor.DType) bool { return g.like == Torch215 && dt == tensor.BF16 }

// A transform turns a block of random words into normal numbers, by Box and Muller: words j and j+8 give the numbers j and j+8.
type transform func(values []float32, words []uint32)

// transform returns that of a type.
func (g *Generator) transform(dt tensor.DType) transform {
	switch {
	case dt == tensor.F32:
		return transformF32
	case g.rounds(dt):
		return transformRounded
	case dt == tensor.BF16:
		return transformBF16
	}
	panic(fmt.Sprintf("sampler: normal numbers of type %v", dt))
}

// drawFew fills values one by one, in double precision: torch does that to fewer numbers than a block. It draws pairs; of an odd
// number torch would keep the last half for the next time, but latents are none.
func drawFew(words *prng.MT19937, values []float32, dt tensor.DType) {
	uniform := func() float64 {
		hi, lo := uint64(words.Uint32()), uint64(words.Uint32())
		return float64((hi<<32|lo)&(1<<53-1)) / (1 << 53)
	}
	var second float64
	for i := range values {
		value := second
		if i%2 == 0 {
			u1, u2 := uniform(), uniform()
			radius := math.Sqrt(-2 * math.Log1p(-u2))
			sin, cos := math.Sincos(2 * math.Pi * u1)
			value, second = radius*cos, radius*sin
		}
		values[i] = float32(value + mean)
		if dt == tensor.BF16 {
			values[i] = tensor.RoundBF16(values[i])
		}
	}
}

// transformF32 takes a word for a uniform number of 24 bits.
func transformF32(values []float32, words []uint32) {
	uniform := func(word uint32) float32 { return float32(word&(1<<24-1)) / (1 << 24) }
	for j := range half {
		log := float32(math.Log(float64(1 - uniform(words[j]))))
		radius := float32(math.Sqrt(float64(-2 * log)))
		sin, cos := math.Sincos(float64(float32(2*math.Pi) * uniform(words[j+half])))
		values[j] = float32(radius*float32(cos)) + mean
		values[j+half] = float32(radius*float32(sin)) + mean
	}
}

// transformRounded rounds what transformF32 makes to bfloat16.
func transformRounded(values []float32, words []uint32) {
	transformF32(values, words)
	for i, v := range values[:block] {
		values[i] = tensor.RoundBF16(v)
	}
}

// transformBF16 takes a word for a uniform number of 8 bits, and rounds every step.
func transformBF16(values []float32, words []uint32) {
	t := tablesBF16()
	for j := range half {
		radius, angle := t.radius[words[j]%levels], words[j+half]%levels
		values[j] = tensor.RoundBF16(radius*t.cos[angle]) + mean
		values[j+half] = tensor.RoundBF16(radius*t.sin[angle]) + mean
	}
}

// boxMuller holds the functions of the transform for the uniform numbers k/256.
type boxMuller struct {
	radius, cos, sin [levels]float32
}

var tablesBF16 = sync.OnceValue(func() *boxMuller {
	round := func(x float64) float64 { return float64(tensor.RoundBF16(float32(x))) }
	t := new(boxMuller)
	for k := range levels {
		u := float64(k) / levels
		angle := round(2 * math.Pi * u)
		t.radius[k] = float32(round(math.Sqrt(round(-2 * round(math.Log(1-u))))))
		t.cos[k] = float32(round(math.Cos(angle)))
		t.sin[k] = float32(round(math.Sin(angle)))
	}
	return t
})
