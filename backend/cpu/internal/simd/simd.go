// Package simd holds the inner loops of the CPU backend, each in Go and, on amd64, in AVX2 and AVX-512 assembly.
package simd

import (
	"fmt"
	"strings"
)

// Kernels is one implementation of every inner loop. The comment of a field is the loop that it equals. Sums run in
// the order of k, one accumulator for each element, which is then added to c: results do not depend on the shape of a tile.
type Kernels struct {
	Name string // "avx512", "avx2" or "generic"

	// MR and NR are the rows and columns of the register tile of Tile.
	MR, NR int

	// Tile multiplies rows ≤ MR rows of a with a packed panel b of NR columns:
	//
	//	for r < rows, j < NR: c[r*ldc+j] = (add ? c[r*ldc+j] : 0) + Σ_{i<k} a[r*lda+i] * b[i*NR+j]
	Tile func(c, a Rows, b *float32, rows, k int, add bool)

	// PackF32 and its like make a panel of n ≤ NR rows of k weights: dst[i*NR+j] = j < n ? src[j*ld+i] : 0, i < k.
	PackF32  func(dst *float32, src *float32, ld, n, k int)
	PackF16  func(dst *float32, src *uint16, ld, n, k int)
	PackBF16 func(dst *float32, src *uint16, ld, n, k int)
	PackI8   func(dst *float32, src *int8, ld, n, k int)

	// Peak does n turns of independent multiply-adds, as fast as the processor can, and returns how many operations
	// that were.
	Peak func(n int) int64

	// Conversions of equally long slices.
	FromF16  func(dst []float32, src []uint16)
	FromBF16 func(dst []float32, src []uint16)
	ToF16    func(dst []uint16, src []float32)
	ToBF16   func(dst []uint16, src []float32)

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

// Rows are rows of numbers: At is the first, and Ld the numbers from one row to the next.
type Rows = struct {
	At *float32
	Ld int
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
