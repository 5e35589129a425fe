// Gemm generates the inner loops of products of matrices: the register tiles and the loops that measure their peaks, for each
// instruction that multiplies and adds; the transposition that packs weights; and the conversions of operands.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!noasm")
	for _, d := range dots {
		d.tile()
		d.peak()
	}
	for _, format := range []string{"Words", "F16", "BF16", "I8"} {
		transpose(format)
	}
	Generate()
}
