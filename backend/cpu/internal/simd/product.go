package simd

import (
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Product multiplies matrices a and b with operands of one type. Along k these are cut into words of 32 bits, which lie where a
// float32 would: a word is one float32, two bfloat16s, or one, two or four integers.
type Product struct {
	Name string // of the instruction

	// MR and NR are the rows and columns of the register tile of Tile.
	MR, NR int
	// Group is how many numbers a word has.
	Group int
	// Integer says that operands are integers, to which numbers are scaled, and sums are int32.
	Integer bool
	// Zero is the word of a that stands for zeros.
	Zero float32

	// Tile multiplies rows ≤ MR rows of a with a panel b of NR columns:
	//
	//	for r < rows, j < NR: c[r*ldc+j] = (add ? c[r*ldc+j] : 0) + Σ_{i<words} a[r*lda+i] · b[i*NR+j]
	//
	// where the product of two words is the sum of the products of their numbers.
	Tile func(c, a Rows, b *float32, rows, words int, add bool)

	// PackRow makes a row of a of src: numbers rounded, and multiplied by scale before if they become integers, of at most ±127.
	// The last word is filled up with zeros. dst may begin where src does.
	PackRow func(dst, src []float32, scale float32)

	// PackColumns makes a panel whose columns are the n ≤ NR rows of w, of k numbers each; other columns are 0. If operands are
	// integers, w has to be I8.
	PackColumns func(panel []float32, w Matrix, n, k int)

	// PackRows makes a panel of k rows of n ≤ NR float32s that begin ld apart; other columns are 0. There is none for integers.
	PackRows func(panel, src []float32, ld, k, n int)

	// FromSums makes numbers of integer sums: dst[i] = (sums[i]-zero[i]) * (scale*scales[i]). The sums zero are those of a row of a in which
	// all words are Zero. dst may be sums. There is none unless operands are integers.
	FromSums func(dst, sums, zero, scales []float32, scale float32)

	// Few multiplies few rows of x with n rows of weights as they are stored, all of k numbers, which it reads once:
	//
	//	for i < rows, j < n: c[i*ldc+j] = Σ_{l<k} x[i*ldx+l] · w[j][l]
	//
	// in 16 lanes along k, which are added up by halves and then neighbours; products of the last numbers, if they are not 16, follow
	// in order. Sums do not depend on rows or n. There is none without assembly, or for operands other than float32s as they are.
	Few func(c, x Rows, w Matrix, rows, n, k int)

	// Peak does n turns of independent products, as fast as the processor can, and returns how many multiplications and
	// additions that were.
	Peak func(n int) int64
}

// Words returns how many words k numbers take.
func (p *Product) Words(k int) int { return (k + p.Group - 1) / p.Group }

// Extra returns how many rows of sums there are beside those of a: that of zeros, for FromSums.
func (p *Product) Extra() int {
	if p.Integer {
		return 1
	}
	return 0
}

// Rows are rows of words: At is the first, and Ld the words from one row to the next.
type Rows = struct {
	At *float32
	Ld int
}

// rowsFrom returns the part of r from row i and word j on.
func rowsFrom(r Rows, i, j int) Rows {
	r.At = (*float32)(unsafe.Add(unsafe.Pointer(r.At), 4*(i*r.Ld+j)))
	return r
}

// A Matrix is rows of numbers as they are stored.
type Matrix struct {
	At   unsafe.Pointer
	Type tensor.DType
	Ld   int // bytes from one row to the next
}

// from returns the part of m from row j on.
func (m Matrix) from(j int) Matrix {
	m.At = unsafe.Add(m.At, j*m.Ld)
	return m
}

// Product returns what multiplies operands of type F32, BF16 or I8.
func (k *Kernels) Product(operands tensor.DType) *Product {
	switch operands {
	case tensor.BF16:
		return &k.BF16
	case tensor.I8:
		return &k.I8
	}
	return &k.F32
}
