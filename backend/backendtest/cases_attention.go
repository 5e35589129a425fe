package backendtest

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
)

// attention is of q [batch, lq, heads, d] to k [batch, lk, heads, d] and v [batch, lk, heads, dv].
type attention struct {
	batch, lq, lk, heads, d, dv int
	causal, bias                bool
	fused                       bool    // queries, keys and values are thirds of one projection
	spread                      float32 // standard deviation of the queries
	sampled                     bool
}

func (a attention) testCase() testCase {
	if a.spread == 0 {
		a.spread = 1
	}
	q := in(a.batch, a.lq, a.heads, a.d).with(normal(0, a.spread))
	k, v := in(a.batch, a.lk, a.heads, a.d).with(normal(0, 1)), in(a.batch, a.lk, a.heads, a.dv)
	dst := out(a.batch, a.lq, a.heads*a.dv)
	if a.fused {
		q, k, v = q.viewed(third(0, a.heads)), k.viewed(third(1, a.heads)), v.viewed(third(2, a.heads))
		dst = dst.viewed(columns(3))
	}
	var bias operand
	if a.bias {
		bias = in(a.heads, a.lq, a.lk).viewed(columns(3))
	}
	return testCase{
		name: fmt.Sprintf("Attention %+v", a), dst: dst, in: []operand{q, k, v, bias}, sampled: a.sampled,
		call: func(kernels backend.Kernels, dst Tensor, t []Tensor) {
			kernels.Attention(dst, t[0], t[1], t[2], backend.AttentionArgs{Scale: 0.25, Bias: t[3], Causal: a.causal})
		},
	}
}

func attentionCases() (cases []testCase) {
	for _, d := range []int{1, 7, 8, 24, 40, 64, 96, 128, 160, 192, 256, 320, 512} {
		cases = append(cases, attention{batch: 2, lq: 5, lk: 9, heads: 2, d: d, dv: d}.testCase(),
			attention{batch: 1, lq: 19, lk: 19, heads: 3, d: d, dv: d, causal: true, fused: true}.testCase())
	}
	for _, a := range []attention{
		{batch: 1, lq: 1, lk: 1, heads: 1, d: 1, dv: 1},
		{batch: 2, lq: 7, lk: 1, heads: 2, d: 8, dv: 8},
		{batch: 1, lq: 1, lk: 700, heads: 1, d: 16, dv: 40},
		{batch: 2, lq: 31, lk: 77, heads: 3, d: 64, dv: 24, bias: true},
		{batch: 1, lq: 60, lk: 60, heads: 2, d: 16, dv: 17, bias: true, causal: true},
		{batch: 1, lq: 300, lk: 300, heads: 1, d: 8, dv: 8, causal: true},
		{batch: 1, lq: 300, lk: 521, heads: 1, d: 24, dv: 24, bias: true},
		{batch: 1, lq: 20, lk: 600, heads: 2, d: 32, dv: 32, spread: 1e4}, // one key takes all
		{batch: 1, lq: 90, lk: 40, heads: 2, d: 12, dv: 12, fused: false, causal: true},
	} {
		cases = append(cases, a.testCase())
	}
	return cases
}

// deform is deformable attention over a rows×cols map.
type deform struct {
	batch, rows, cols, heads, d, points int
	reach                               float32 // standard deviation of the offsets
	views                               bool
}

func (f deform) testCase() testCase {
	l := f.rows * f.cols
	v := in(f.batch, l, f.heads, f.d)
	offsets := in(f.batch, l, 2*f.heads*f.points).with(normal(0, f.reach))
	logits := in(f.batch, l, f.heads*f.points).with(normal(0, 2))
	dst := out(f.batch, l, f.heads*f.d)
	if f.views {
		v, offsets, logits, dst = v.viewed(strided(4)), offsets.viewed(columns(3)), logits.viewed(strided(3)), dst.viewed(strided(3))
		v.view.pad[3] = [2]int{} // heads are cut from adjacent columns
	}
	return testCase{
		name: fmt.Sprintf("DeformAttention %+v", f), dst: dst, in: []operand{v, offsets, logits},
		call: func(k backend.Kernels, dst Tensor, t []Tensor) {
			k.DeformAttention(dst, t[0], t[1], t[2], backend.DeformArgs{Rows: f.rows, Cols: f.cols, Points: f.points})
		},
	}
}

func deformCases() (cases []testCase) {
	for _, f := range []deform{
		{1, 1, 1, 1, 1, 1, 1, false}, {2, 12, 12, 8, 6, 4, 3, false}, {1, 12, 12, 8, 6, 4, 3, true}, {1, 5, 7, 3, 5, 2, 0.3, true},
		{2, 3, 4, 2, 9, 3, 50, false}, {1, 4, 4, 1, 8, 4, 1e9, false},
	} {
		cases = append(cases, f.testCase())
	}
	return cases
}

// rope rotates x [batch, l, heads, d].
type rope struct {
	batch, l, heads, d int
	views              bool
}

func (r rope) testCase() testCase {
	x, angles := in(r.batch, r.l, r.heads, r.d), in(r.l, r.d/2)
	if r.views {
		x, angles = x.viewed(third(1, r.heads)), angles.viewed(columns(2))
	}
	return testCase{
		name: fmt.Sprintf("Rope %+v", r), in: []operand{x, angles, angles}, alias: 1,
		call: func(k backend.Kernels, dst Tensor, t []Tensor) { k.Rope(dst, t[1], t[2]) },
	}
}

func ropeCases() (cases []testCase) {
	for _, r := range []rope{{1, 1, 1, 2, false}, {2, 5, 3, 16, false}, {2, 5, 3, 128, true}, {1, 7, 1, 6, true}} {
		cases = append(cases, r.testCase())
	}
	return cases
}
