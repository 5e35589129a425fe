package cpu

import "github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"

const rowPad = 16 // words between rows, so that rows of 2ⁿ words do not fall on the same lines of the cache

// steps are the parts along K in which a product is computed. Operands are packed once for all of them.
type steps struct {
	depth int // numbers of a step
	count int // of steps
	lda   int // words from one packed row to the next
}

func stepsOf(p *simd.Product, k, depth int) steps {
	return steps{depth: depth, count: (k + depth - 1) / depth, lda: p.Words(depth) + rowPad}
}

// words returns how many a row takes in all steps.
func (s *steps) words() int { return s.count * s.lda }

// A panel is the packed weights of some outputs in a step. Of integers there is what zeros are packed as, too, and their sums.
type panel struct {
	product        *simd.Product
	words          []float32
	zeros, ofZeros []float32
}

// panelIn takes a panel for steps of a depth, and sums of so many outputs, from a workspace.
func panelIn(ws *space, product *simd.Product, depth, outputs int) panel {
	words := product.Words(depth)
	p := panel{product: product, words: ws.take(words * product.NR)}
	if product.Integer {
		p.zeros, p.ofZeros = ws.take(words), ws.take(outputs)
		fill(p.zeros, product.Zero)
	}
	return p
}

// pack packs depth numbers of some outputs.
func (p *panel) pack(w simd.Matrix, outputs, depth int) {
	p.product.PackColumns(p.words[:p.product.Words(depth)*p.product.NR], w, outputs, depth)
}

// multiply computes the products of so many words of packed rows, or adds them to the sums.
func (p *panel) multiply(sums, x simd.Rows, rows, words int, add bool) {
	p.product.Tile(sums, x, &p.words[0], rows, words, add)
}

// multiplyZeros does the same with zeros, for sums from output on.
func (p *panel) multiplyZeros(output, words int, add bool) {
	if p.product.Integer {
		p.multiply(simd.Rows{At: &p.ofZeros[output]}, simd.Rows{At: &p.zeros[0]}, 1, words, add)
	}
}
