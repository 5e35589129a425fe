package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// An epilogue is what follows the sums of a product: scale, bias, activation and the way into the result.
type epilogue struct {
	k          *simd.Kernels
	scale      []float32 // of I8 weights
	bias, gate vector
	items      int // rows of a batch item
	act        backend.Act
	add        bool
}

func epilogueOf(k *simd.Kernels, w backend.Weight, a backend.GemmArgs, items int) epilogue {
	return epilogue{
		k: k, scale: elements[float32](w.Scale), bias: vectorOf(a.Bias), gate: vectorOf(a.Gate),
		items: max(1, items), act: a.Act, add: a.Add,
	}
}

// finish stores what becomes of the sums of one row, from column left on, in dst. It may change the sums.
func (e *epilogue) finish(dst, sums []float32, row, left int) {
	batch := row / e.items
	if e.scale != nil {
		e.k.Mul(sums, sums, e.scale[left:left+len(sums)])
	}
	if bias := e.bias.of(batch); bias != nil {
		e.k.Add(sums, sums, bias[left:left+len(sums)])
	}
	out := dst
	if e.add {
		out = sums
	}
	if e.act != backend.None {
		e.k.Act[e.act](out, sums)
	} else if !e.add {
		copy(dst, sums)
	}
	if !e.add {
		return
	}
	if gate := e.gate.of(batch); gate != nil {
		e.k.MulAdd(dst, sums, gate[left:left+len(sums)])
	} else {
		e.k.Add(dst, dst, sums)
	}
}
