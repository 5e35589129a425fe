package flux

import "github.com/faceclip-go/faceclip-go/backend"

// A modulation is what time and prompt do to a branch of a block: it reads the normalised tokens, times 1 + scale, plus shift,
// and what it makes of them is multiplied by gate.
type modulation struct{ shift, scale, gate Tensor } // [1, D]

// modulations cuts the outputs [1, 3·n·D] of a projection into those of n branches.
func modulations(x Tensor, n int) []modulation {
	d := x.Dim(1) / (3 * n)
	part := func(i int) Tensor { return x.Slice(1, i*d, (i+1)*d) }
	all := make([]modulation, n)
	for i := range all {
		all[i] = modulation{shift: part(3 * i), scale: part(3*i + 1), gate: part(3*i + 2)}
	}
	return all
}

// enter returns what the branch reads of the tokens x [1, L, D].
func (m modulation) enter(s *backend.Stream, x Tensor) Tensor {
	return s.LayerNorm(Tensor{}, x, backend.NormArgs{Gamma: m.scale, Beta: m.shift, PlusOne: true, Eps: eps})
}
