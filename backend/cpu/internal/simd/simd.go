// Package simd holds the inner loops of the CPU backend, each in Go and, on amd64, in AVX2 and AVX-512 assembly.
package simd

import (
	"fmt"
	"strings"
)

// Kernels is one implementation of every inner loop. The comment of a field is the loop that it equals. Sums of
// tiles run in the order of k, one accumulator for each element, which is then added to c: results do not depend on the shape of a tile.
type Kernels struct {
	Name string // such as "avx2"; "generic" is Go

	// What multiplies float32s as they are, rounded to bfloat16, and scaled to integers of eight bits.
	F32, BF16, I8 Product

	// Conversions of equally long slices.
	FromF16  func(dst []float32, src []uint16)
	FromBF16 func(dst []float32, src []uint16)
	ToF16    func(dst []uint16, src []float32)
	ToBF16   func(dst []uint16, src []float32) // dst may begin where src does
	// RoundBF16 rounds x to bfloat16 and leaves it float32. dst may be x.
	RoundBF16 func(dst, x []float32)
	// PairBF16 rounds a and b to bfloat16; dst[i] is the word with a[i] in its lower half and b[i] in its upper one.
	PairBF16 func(dst, a, b []float32)
	// AbsMax returns the largest |x[i]|, or infinity or NaN if there is one, or 0 if x is empty.
	AbsMax func(x []float32) float32

	// Act[f] computes dst[i] = f(x[i]); f is a backend.Act, and Act[None] copies. dst may be x.
	Act [7]func(dst, x []float32)

	// Affine computes dst[i] = x[i]*scale[i] + shift[i]. dst may be x.
	Affine func(dst, x, scale, shift []float32)
	// Normalize computes dst[i] = (x[i]-mean[i])*scale[i] + shift[i]. dst may be x.
	Normalize func(dst, x, mean, scale, shift []float32)
	// Add computes dst[i] = a[i] + b[i]; Mul, dst[i] = a[i] * b[i]; MulAdd, dst[i] += a[i] * b[i]. dst may be a or b.
	Add, Mul, MulAdd func(dst, a, b []float32)
	// Lincomb computes dst[i] = alpha*a[i] + beta*b[i]. dst may be a or b.
	Lincomb func(dst []float32, alpha float32, a []float32, beta float32, b []float32)
	// Scale computes x[i] *= s.
	Scale func(x []float32, s float32)
	// Max returns the largest element of a non-empty x.
	Max func(x []float32) float32
	// ExpSum computes x[i] = exp(x[i]*scale - shift) and returns the sum of the results.
	ExpSum func(x []float32, scale, shift float32) float32
	// Sum returns Σ x[i]; SumSquares, Σ (x[i]-mean)².
	Sum        func(x []float32) float32
	SumSquares func(x []float32, mean float32) float32
	// AddSquares computes sum[i] += (x[i]-mean[i])².
	AddSquares func(sum, x, mean []float32)
}

// Variants returns the implementations that this machine can run, the best first.
func Variants() []*Kernels { return append(native(), generic()) }

// Choose returns the implementation of the given name, or the best one for "".
func Choose(name string) (*Kernels, error) {
	var names []string
	for _, k := range Variants() {
		if k.Name == name || name == "" {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return nil, fmt.Errorf("%q is not available here (%s)", name, strings.Join(names, ", "))
}
