// Gemm generates the inner loops of products of matrices: the register tiles and the loops that measure their peaks, for each
// instruction that multiplies and adds; products of few rows; the transposition that packs weights, and what makes words of bfloat16s.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!noasm")
	for _, d := range dots {
		d.tile()
		d.peak()
	}
	for _, f := range formats {
		f.transpositions()
		for _, few := range fews {
			few.generate(f)
		}
	}
	narrow()
	Generate()
}
