package flux

import "github.com/faceclip-go/faceclip-go/backend"

// A modulation is what time and prompt do to a branch of a block: it reads the normalised tokens, times 1 + scale, plus shift,
// and what it makes of them is multiplied by gate.
type modulation struct{ shift, scale, gate Tensor } // [1, D]

// modulationOf cuts the outputs [1, 3·D] of a projection.
func modulationOf(x Tensor) modulation {
	d := x.Dim(1) / 3
	return modulation{shift: x.Slice(1, 0, d), scale: x.Slice(1, d, 2*d), gate: x.Slice(1, 2*d, 3*d)}
}

// modulationsOf cuts the outputs [1, 6·D] of a projection into those of attention and feed-forward.
func modulationsOf(x Tensor) (attention, feedForward modulation) {
	half := x.Dim(1) / 2
	return modulationOf(x.Slice(1, 0, half)), modulationOf(x.Slice(1, half, 2*half))
}

// enter returns what the branch reads of the tokens x [1, L, D].
func (m modulation) enter(s *backend.Stream, x Tensor) Tensor {
	return s.LayerNorm(Tensor{}, x, backend.NormArgs{Gamma: m.scale, Beta: m.shift, PlusOne: true, Eps: eps})
}
