package backendtest

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A gemm is a call of Gemm for x [rows..., k] and w [n, k].
type gemm struct {
	rows       []int
	k, n       int
	weight     tensor.DType
	bias, gate vec
	act        backend.Act
	add, glu   bool
	x, w, dst  view
}

func (g gemm) test() test {
	if g.weight == 0 {
		g.weight = tensor.F32
	}
	batch := g.rows[0]
	width := g.n
	if g.glu {
		width /= 2
	}
	dst := out(join(g.rows, width)...).viewed(g.dst)
	if g.add {
		dst.fill = uniform
	}
	w, scale := quantizable(g.weight, g.n, g.k)
	w = w.viewed(g.w)
	return test{
		kernel: "Gemm",
		name: label(g.rows, []int{g.k, g.n}, g.weight, g.bias.label("bias"), g.act, flag(g.add, "add"), flag(g.glu, "glu"), g.gate.label("gate"),
			g.x.label("x"), g.w.label("w"), g.dst.label("dst")),
		operands: []operand{dst, in(join(g.rows, g.k)...).viewed(g.x), w, scale,
			g.bias.operand(batch, g.n), g.gate.operand(batch, g.n)},
		call: func(k backend.Kernels, t []Tensor) {
			k.Gemm(t[0], t[1], backend.Weight{Matrix: t[2], Scale: t[3]}, backend.GemmArgs{Bias: t[4], Act: g.act, Add: g.add, Glu: g.glu, Gate: t[5]})
		},
	}
}

// weightTypes are the element types of weights of products.
var weightTypes = append(slices.Clone(floats), tensor.I8)

// quantizable returns weights of a product and, for I8, their scale.
func quantizable(dt tensor.DType, dims ...int) (w, scale operand) {
	w = in(dims...)
	if dt == tensor.I8 {
		return w.as(dt).with(codes), fixed(dims[0]).with(scales)
	}
	return w.stored(dt), operand{}
}

func join(rows []int, columns int) []int { return append(append([]int(nil), rows...), columns) }

func gemmTests() []test {
	var calls []gemm
	add := func(more ...gemm) { calls = append(calls, more...) }
	// Sizes around every tile, of every type of weight. Long sums are cut into blocks.
	sizes := [][3]int{{1, 1, 1}, {1, 3, 7}, {2, 5, 3}, {3, 31, 17}, {5, 13, 33}, {6, 64, 16}, {13, 61, 47}, {12, 65, 32},
		{14, 32, 31}, {31, 64, 64}, {15, 127, 49}, {65, 129, 97}, {7, 257, 128}, {129, 37, 31}, {1, 2048, 65}, {1, 37, 1031},
		{3, 1021, 33}, {17, 2311, 19}, {2, 5000, 3}}
	for _, s := range sizes {
		for _, w := range weightTypes {
			add(gemm{rows: []int{s[0]}, k: s[1], n: s[2], weight: w})
		}
	}
	for act := backend.None; act <= backend.QuickGELU; act++ {
		for _, bias := range []vec{without, shared, batched} {
			for _, gate := range []vec{without, shared, batched} {
				add(gemm{rows: []int{2, 9}, k: 29, n: 37, bias: bias, act: act, add: true, gate: gate},
					gemm{rows: []int{2, 9}, k: 29, n: 37, weight: tensor.I8, bias: bias, act: act, add: true, gate: gate})
			}
			add(gemm{rows: []int{3, 5}, k: 70, n: 66, bias: bias, act: act},
				gemm{rows: []int{3, 5}, k: 70, n: 66, weight: tensor.I8, bias: bias, act: act})
		}
	}
	for _, w := range weightTypes {
		for _, l := range []int{1, 4, 19} {
			add(
				gemm{rows: []int{2, l}, k: 43, n: 50, weight: w, x: columns(3)},
				gemm{rows: []int{2, l}, k: 43, n: 50, weight: w, w: columns(2), bias: shared},
				gemm{rows: []int{2, l}, k: 43, n: 50, weight: w, dst: columns(3)},
				gemm{rows: []int{2, l}, k: 43, n: 50, weight: w, x: strided(3), w: strided(2), dst: strided(3), add: true},
				gemm{rows: []int{2, 3, l}, k: 21, n: 35, weight: w, x: strided(4), dst: strided(4), bias: batched},
				gemm{rows: []int{2, l}, k: 600, n: 35, weight: w, x: strided(3), w: strided(2), dst: strided(3),
					add: true, gate: batched, bias: batched, act: backend.GELUTanh},
			)
		}
	}
	for _, n := range []int{2, 26, 64, 70, 162} {
		for _, w := range weightTypes {
			add(gemm{rows: []int{2, 9}, k: 37, n: n, weight: w, bias: batched, act: backend.GELU, glu: true, dst: columns(3)},
				gemm{rows: []int{33}, k: 600, n: n, weight: w, bias: shared, act: backend.SiLU, glu: true, x: columns(2), w: columns(2)})
		}
		add(gemm{rows: []int{1, 5}, k: 3, n: n, glu: true})
	}
	// Nothing to sum.
	add(gemm{rows: []int{2, 3}, k: 0, n: 5, bias: batched}, gemm{rows: []int{1, 1}, k: 0, n: 1, weight: tensor.I8, bias: shared},
		gemm{rows: []int{2, 9}, k: 0, n: 5, x: columns(3)}, gemm{rows: []int{2, 9}, k: 0, n: 5, weight: tensor.I8, x: columns(3)})
	return append(made(calls...), flattening())
}

// flattening is a Gemm of a feature map [B, H, W, C] into tokens [B, L, D].
func flattening() test {
	return test{
		kernel:   "Gemm",
		name:     "map to tokens",
		operands: []operand{out(2, 15, 21).viewed(columns(3)), in(2, 3, 5, 34).viewed(columns(4)), fixed(21, 34).stored(tensor.F32), fixed(2, 21)},
		call: func(k backend.Kernels, t []Tensor) {
			k.Gemm(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.GemmArgs{Bias: t[3]})
		},
	}
}
