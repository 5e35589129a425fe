package backendtest

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
)

// An attention is a call of Attention.
type attention struct {
	b, lq, lk, h, d, dv int // dv 0 is d
	bias, causal        bool
	mask                int     // keys in front that the bias hides, with some of the others
	scale               float32 // 0 is 1/√d
	q                   fill    // nil: uniform
	views               bool    // strided operands
	fused               bool    // q, k and v are thirds of one projection; needs lq = lk and dv = d
}

func (a attention) test() test {
	if a.dv == 0 {
		a.dv = a.d
	}
	if a.scale == 0 {
		a.scale = float32(1 / math.Sqrt(float64(a.d)))
	}
	dst := out(a.b, a.lq, a.h*a.dv)
	q, k, v := in(a.b, a.lq, a.h, a.d), in(a.b, a.lk, a.h, a.d), in(a.b, a.lk, a.h, a.dv)
	if a.q != nil {
		q.fill = a.q
	}
	var bias operand
	if a.bias {
		bias = fixed(a.h, a.lq, a.lk).orNone().with(normal(0, 3))
	}
	if a.mask > 0 {
		bias = fixed(a.h, a.lq, a.lk).with(masked(a.lk, a.mask))
	}
	switch {
	case a.views:
		dst, q, k, v = dst.viewed(strided(3)), q.viewed(strided(4)), k.viewed(strided(4)), v.viewed(strided(4))
		bias = bias.viewed(strided(len(bias.dims)))
	case a.fused:
		q, k, v = q.viewed(third(0, a.h)), k.viewed(third(1, a.h)), v.viewed(third(2, a.h))
		dst = dst.viewed(columns(3))
	}
	return test{
		kernel: "Attention",
		name: label([]int{a.b, a.lq, a.lk, a.h, a.d, a.dv}, flag(a.bias, "bias"), flag(a.causal, "causal"),
			flag(a.views, "strided"), flag(a.fused, "fused"), flag(a.q != nil, "extreme"), flag(a.mask > 0, "mask", a.mask), a.scale),
		operands: []operand{dst, q, k, v, bias},
		call: func(kernels backend.Kernels, t []Tensor) {
			kernels.Attention(t[0], t[1], t[2], t[3], backend.AttentionArgs{Scale: a.scale, Bias: t[4], Causal: a.causal})
		},
	}
}

func attentionTests() []test {
	calls := []attention{
		{b: 1, lq: 1, lk: 1, h: 1, d: 1}, {b: 2, lq: 5, lk: 1, h: 3, d: 4}, {b: 1, lq: 1, lk: 77, h: 2, d: 64},
		{b: 2, lq: 144, lk: 77, h: 2, d: 33, dv: 5}, {b: 1, lq: 3, lk: 1111, h: 1, d: 16}, {b: 1, lq: 67, lk: 513, h: 2, d: 64},
	}
	for _, d := range []int{1, 7, 8, 24, 40, 64, 96, 128, 160, 192, 256, 320, 512, 1024} {
		calls = append(calls,
			attention{b: 2, lq: 19, lk: 19, h: 2, d: d, fused: true},
			attention{b: 1, lq: 9, lk: 35, h: 2, d: d, bias: true},
			attention{b: 1, lq: 34, lk: 34, h: 1, d: d, causal: true},
			attention{b: 2, lq: 5, lk: 17, h: 3, d: d, dv: d + 3, views: true, bias: true})
	}
	for _, l := range [][2]int{{1, 1}, {7, 7}, {77, 77}, {130, 130}, {13, 40}, {40, 13}} {
		calls = append(calls,
			attention{b: 2, lq: l[0], lk: l[1], h: 3, d: 20, causal: true},
			attention{b: 2, lq: l[0], lk: l[1], h: 3, d: 20, causal: true, bias: true, views: true},
			attention{b: 2, lq: l[0], lk: l[1], h: 3, d: 64, scale: 1, bias: true},
			attention{b: 1, lq: l[0], lk: l[1], h: 2, d: 64, dv: 7})
	}
	// Scores of ±1e4 and beyond: of one key all the weight, no NaN.
	for _, q := range []fill{normal(0, 1e4), constant(1e4), constant(-1e4), oneOf(1e4, -1e4, 0)} {
		calls = append(calls,
			attention{b: 1, lq: 21, lk: 700, h: 2, d: 8, q: q, scale: 1},
			attention{b: 1, lq: 33, lk: 33, h: 1, d: 40, q: q, scale: 1, bias: true, causal: true})
	}
	calls = append(calls, attention{b: 1, lq: 15, lk: 3, h: 1, d: backend.MaxHead})
	// A block of keys that is hidden altogether, and NaN in a query, which spoils its own row and nothing else.
	calls = append(calls,
		attention{b: 1, lq: 20, lk: 600, h: 2, d: 8, mask: 300, scale: 1},
		attention{b: 2, lq: 21, lk: 40, h: 1, d: 24, mask: 1, scale: 30},
		attention{b: 1, lq: 30, lk: 300, h: 1, d: 16, q: rarely(float32(math.NaN()), uniform)})
	return made(calls...)
}

// A deform is a call of DeformAttention.
type deform struct {
	b, rows, cols, h, d, points int
	offset                      fill
	name                        string
	views                       bool
}

func (c deform) test() test {
	l := c.rows * c.cols
	operands := []operand{out(c.b, l, c.h*c.d), in(c.b, l, c.h, c.d), in(c.b, l, c.h*c.points*2).with(c.offset),
		in(c.b, l, c.h*c.points).with(normal(0, 3))}
	if c.views {
		for i, o := range operands {
			operands[i] = o.viewed(strided(len(o.dims)))
		}
	}
	return test{
		kernel:   "DeformAttention",
		name:     label([]int{c.b, c.rows, c.cols, c.h, c.d, c.points}, c.name, flag(c.views, "strided")),
		operands: operands,
		call: func(k backend.Kernels, t []Tensor) {
			k.DeformAttention(t[0], t[1], t[2], t[3], backend.DeformArgs{Rows: c.rows, Cols: c.cols, Points: c.points})
		},
	}
}

func deformTests() []test {
	var tests []test
	offsets := []struct {
		name string
		fill fill
	}{
		{"near", normal(0, 1.5)}, {"far", normal(0, 20)}, {"outside", normal(0, 1e6)},
		{"endless", rarely(float32(math.NaN()), oneOf(float32(math.Inf(1)), float32(math.Inf(-1)), 0.3, -1.7))},
		{"whole", oneOf(0, 1, -1, 2, -2, 12, -12)}, {"astronomic", oneOf(1e10, -1e10, 3e38, -3e38, 0.5)},
	}
	for _, o := range offsets {
		for _, views := range []bool{false, true} {
			for _, s := range [][5]int{{1, 1, 1, 1, 1}, {3, 5, 2, 7, 3}, {12, 12, 4, 20, 4}, {4, 7, 8, 33, 1}} {
				tests = append(tests, deform{2, s[0], s[1], s[2], s[3], s[4], o.fill, o.name, views}.test())
			}
		}
	}
	return append(tests, deform{2, 1, 2, backend.MaxPoints / 4, 1, 4, normal(0, 1.5), "most points", true}.test())
}

// rope is a call of Rope for x [B, L, H, D].
func rope(x []int, v view) test {
	l, d := x[1], x[3]
	return test{
		kernel:   "Rope",
		name:     label(x, v.label("x")),
		operands: []operand{in(x...).viewed(v), fixed(l, d/2).viewed(strided(2)), fixed(l, d/2).viewed(columns(2))},
		call:     func(k backend.Kernels, t []Tensor) { k.Rope(t[0], t[1], t[2]) },
	}
}

func ropeTests() []test {
	var tests []test
	for _, x := range [][]int{{1, 1, 1, 2}, {2, 3, 5, 6}, {1, 17, 2, 16}, {2, 7, 3, 34}, {1, 33, 2, 128}} {
		tests = append(tests, rope(x, view{}), rope(x, strided(4)), rope(x, third(1, x[2])))
	}
	return tests
}
