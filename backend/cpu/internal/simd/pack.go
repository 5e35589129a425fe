package simd

import (
	"unsafe"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// transposed is how many rows and columns a transposition in assembly takes at a time.
const transposed = 8

// A transposition makes columns of rows of weights: whole blocks of 8×8, and one row.
type transposition[E float32 | uint16 | int8] struct {
	blocks func(dst *float32, stride int, src *E, ld, blocks int) // none without assembly
	row    func(dst []float32, stride int, src []E)
}

// panel makes a panel of n ≤ nr rows of k weights, ld bytes apart: panel[i*nr+j] = j < n ? src[j][i] : 0.
func (t transposition[E]) panel(panel []float32, nr int, src unsafe.Pointer, ld, n, k int) {
	whole, across := 0, 0
	if t.blocks != nil && k >= transposed {
		whole, across = k/transposed*transposed, n/transposed*transposed
	}
	for j := 0; j < across; j += transposed {
		t.blocks(&panel[j], nr, (*E)(unsafe.Add(src, j*ld)), ld, whole/transposed)
	}
	for j := range n {
		from := 0
		if j < across {
			from = whole
		}
		if from < k {
			row := unsafe.Slice((*E)(unsafe.Add(src, j*ld)), k)
			t.row(panel[from*nr+j:], nr, row[from:])
		}
	}
	clearColumns(panel[:k*nr], nr, n)
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

func column[E any](value func(E) float32) func(dst []float32, stride int, src []E) {
	return func(dst []float32, stride int, src []E) {
		for i, v := range src {
			dst[i*stride] = value(v)
		}
	}
}

// A converter packs columns of words that hold more than one number, or numbers of another type than the weights.
type converter struct {
	nr, group int
	words     transposition[float32]
	asStored  tensor.DType // of weights whose words are what is stored; 0 if there are none
	// convert makes words of the first k numbers of m; the last word is filled up with zeros. There is scratch for k numbers.
	convert func(dst []float32, m Matrix, k int, scratch []float32)
}

const (
	piece    = 64 // words of a row are converted at a time, while they stay in the first cache
	MaxNR    = 32 // columns of any tile
	maxGroup = 4  // numbers of any word

	// PackScratch is the words of scratch memory that Product.PackColumns needs.
	PackScratch = piece * (MaxNR + maxGroup)
)

func (c converter) packColumns(panel []float32, m Matrix, n, k int, scratch []float32) {
	from := 0
	if m.Type == c.asStored {
		from = k / c.group * c.group
		c.words.panel(panel, c.nr, m.At, m.Ld, n, from/c.group)
	}
	rows, scratch := scratch[:MaxNR*piece], scratch[MaxNR*piece:]
	for ; from < k; from += piece * c.group {
		numbers := min(piece*c.group, k-from)
		words := (numbers + c.group - 1) / c.group
		for j := range n {
			c.convert(rows[j*piece:][:words], m.from(j, from), numbers, scratch)
		}
		c.words.panel(panel[from/c.group*c.nr:], c.nr, unsafe.Pointer(&rows[0]), 4*piece, n, words)
	}
}

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
