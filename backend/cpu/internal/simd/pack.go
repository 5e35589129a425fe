package simd

import (
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// MaxNR is the columns of the widest tile.
const MaxNR = 32

// columns packs weights of each type they are stored as: rows become columns of words. Operands that are integers are made of I8 alone.
type columns struct {
	nr, group int
	f32       transposition[float32]
	f16, bf16 transposition[uint16]
	i8        transposition[int8]
}

// pack is Product.PackColumns.
func (c columns) pack(panel []float32, m Matrix, n, k int) {
	switch m.Type {
	case tensor.F32:
		c.f32.panel(panel, c.nr, c.group, m, n, k)
	case tensor.F16:
		c.f16.panel(panel, c.nr, c.group, m, n, k)
	case tensor.BF16:
		c.bf16.panel(panel, c.nr, c.group, m, n, k)
	default:
		c.i8.panel(panel, c.nr, c.group, m, n, k)
	}
}

// side is how many rows, and words of each, a transposition in assembly takes at a time.
const side = 8

// A transposition makes columns of words of rows of weights: whole blocks of 8×8 words, and one row. The last word of a row is filled up with zeros.
type transposition[E float32 | uint16 | int8] struct {
	blocks func(dst *float32, stride int, src *byte, ld, blocks int) // none without assembly
	row    func(dst []float32, stride int, src []E)
}

// panel makes a panel of n ≤ nr rows of k weights, group of which are a word; other columns are 0.
func (t transposition[E]) panel(panel []float32, nr, group int, m Matrix, n, k int) {
	whole, across := 0, 0 // words and rows
	if t.blocks != nil && k >= side*group {
		whole, across = k/group/side*side, n/side*side
	}
	for j := 0; j < across; j += side {
		t.blocks(&panel[j], nr, (*byte)(m.from(j).At), m.Ld, whole/side)
	}
	for j := range n {
		from := 0
		if j < across {
			from = whole
		}
		if from*group < k {
			t.row(panel[from*nr+j:], nr, stored[E](m.from(j), k)[from*group:])
		}
	}
	clearColumns(panel, nr, n)
}

// clearColumns makes all columns of a panel 0 but for the first n.
func clearColumns(panel []float32, nr, n int) {
	if n == nr {
		return
	}
	for i := 0; i < len(panel); i += nr {
		clear(panel[i+n : i+nr])
	}
}

// column returns what makes a column of words of operands, given the operand that a weight becomes.
func column[E any, O float32 | uint16 | int16 | int8 | int32](operand func(E) O) func(dst []float32, stride int, src []E) {
	group := 4 / int(unsafe.Sizeof(O(0)))
	return func(dst []float32, stride int, src []E) {
		for i := range (len(src) + group - 1) / group {
			word := as[O](dst[i*stride:][:1])
			clear(word)
			for j, v := range src[i*group : min((i+1)*group, len(src))] {
				word[j] = operand(v)
			}
		}
	}
}

// asStored is what an operand is that is stored as it is.
func asStored[E any](v E) E { return v }

// stored returns the first n numbers of m.
func stored[E any](m Matrix, n int) []E { return unsafe.Slice((*E)(m.At), n) }

// as returns words as numbers of another type.
func as[E any](words []float32) []E {
	if len(words) == 0 {
		return nil
	}
	var e E
	return unsafe.Slice((*E)(unsafe.Pointer(&words[0])), len(words)*4/int(unsafe.Sizeof(e)))
}
