package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// An epilogue is what follows the sums of a product: scale, bias, activation and the way into the result.
type epilogue struct {
	k          *simd.Kernels
	p          *simd.Product
	scale      []float32 // of I8 weights
	bias, gate vector
	items      int // rows of a batch item
	act        backend.Act
	add        bool
}

func epilogueOf(k *simd.Kernels, p *simd.Product, w backend.Weight, a backend.GemmArgs, items int) epilogue {
	return epilogue{
		k: k, p: p, scale: elements[float32](w.Scale), bias: vectorOf(a.Bias), gate: vectorOf(a.Gate),
		items: max(1, items), act: a.Act, add: a.Add,
	}
}

// numbers returns what sums of one row mean, from output first on. Those of integers become numbers, times the scale of their weights,
// in dst, unless that is still needed; zero are the sums of a row of zeros.
func (e *epilogue) numbers(dst, sums, zero []float32, scale float32, first int) []float32 {
	if !e.p.Integer {
		return sums
	}
	out, n := e.target(dst, sums), len(sums)
	e.p.FromSums(out, sums, zero[:n], e.scale[first:first+n], scale)
	return out
}

// target returns where what becomes of sums is kept: in dst, unless it is added to that.
func (e *epilogue) target(dst, sums []float32) []float32 {
	if e.add {
		return sums
	}
	return dst
}

// biased returns sums of outputs from first on, times their scale if they lack it, and with bias: in out, if there is either.
func (e *epilogue) biased(out, sums []float32, batch, first int) []float32 {
	if e.scale != nil && !e.p.Integer {
		e.k.Mul(out, sums, e.scale[first:first+len(sums)])
		sums = out
	}
	if bias := e.bias.of(batch); bias != nil {
		e.k.Add(out, sums, bias[first:first+len(sums)])
		sums = out
	}
	return sums
}

// gated stores in dst what becomes of the sums of one row, from column left on, times the activated ones of half the outputs further
// on. It may change the sums.
func (e *epilogue) gated(dst, sums, gate []float32, row, left, half int) {
	batch := row / e.items
	sums = e.biased(dst, sums, batch, left)
	e.k.Act[e.act](gate, e.biased(gate, gate, batch, left+half))
	e.k.Mul(dst, sums, gate)
}

// finish stores what becomes of the sums of one row, from column left on, in dst. It may change the sums.
func (e *epilogue) finish(dst, sums []float32, row, left int) {
	batch, out := row/e.items, e.target(dst, sums)
	sums = e.biased(out, sums, batch, left)
	if e.act != backend.None {
		e.k.Act[e.act](out, sums)
	} else {
		copy(out, sums) // nothing, if they are the same
	}
	if !e.add {
		return
	}
	if gate := e.gate.of(batch); gate != nil {
		e.k.MulAdd(dst, out, gate[left:left+len(out)])
	} else {
		e.k.Add(dst, dst, out)
	}
}
