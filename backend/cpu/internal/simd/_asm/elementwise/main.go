// Elementwise generates the loops over vectors: activations, sums, and what surrounds matrix products.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("!noasm")
	for _, s := range []isa{{"AVX2", 8}, {"AVX512", 16}} {
		s.activations()
		s.arithmetic()
		s.reductions()
		s.operands()
	}
	conversions()
	wideConversions()
	quantizations()
	Generate()
}

// begin starts a function with the name and documentation of a field of Kernels.
func (s isa) begin(name, signature string) {
	TEXT(name+s.name, NOSPLIT, "func"+signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("%s%s computes %s.", name, s.name, loops[name]))
}

// loops are what the functions compute for each i.
var loops = map[string]string{
	"relu": "dst[i] = max(x[i], 0)", "relu6": "dst[i] = min(max(x[i], 0), 6)",
	"silu": "dst[i] = x[i] / (1 + exp(-x[i]))", "quickGELU": "dst[i] = x[i] / (1 + exp(-1.702*x[i]))",
	"gelu":     "dst[i] = x[i]/2 * (1 + erf(x[i]/√2))",
	"geluTanh": "dst[i] = x[i]/2 * (1 + tanh(√(2/π) * (x[i] + 0.044715*x[i]³)))",
	"affine":   "dst[i] = x[i]*scale[i] + shift[i]", "normalize": "dst[i] = (x[i]-mean[i])*scale[i] + shift[i]",
	"add": "dst[i] = a[i] + b[i]", "mul": "dst[i] = a[i] * b[i]", "mulAdd": "dst[i] += a[i] * b[i]",
	"lincomb": "dst[i] = alpha*a[i] + beta*b[i]", "scale": "x[i] *= s", "addSquares": "sum[i] += (x[i]-mean[i])²",
	"expSum": "x[i] = exp(x[i]*scale - shift), and Σ x[i] of the results", "max": "the largest x[i]",
	"sum": "Σ x[i]", "sumSquares": "Σ (x[i]-mean)²", "absMax": "the largest |x[i]|, and NaN or infinity if there is one",
	"roundBF16": "dst[i] = x[i] rounded to bfloat16", "pairBF16": "the word dst[i] = a[i] and b[i] rounded to bfloat16",
	"fromIntegers": "dst[i] = (sums[i]-zero[i]) * (scale*scales[i]) of int32 sums",
}
