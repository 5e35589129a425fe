package backendtest

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

var weightTypes = []tensor.DType{tensor.F32, tensor.F16, tensor.BF16}

// gemm is x [batch, m, k] times w [n, k].
type gemm struct {
	batch, m, n, k int
	weights        tensor.DType
	act            backend.Act
	bias, gate     int // 0: none, 1: [n], 2: [batch, n]
	add            bool
	views          bool
}

func (g gemm) testCase() testCase {
	x, w, dst := in(g.batch, g.m, g.k), in(g.n, g.k).as(g.weights), out(g.batch, g.m, g.n)
	if g.add {
		dst = dst.with(uniform)
	}
	if g.views {
		x, w, dst = x.viewed(strided(3)), w.viewed(columns(2)), dst.viewed(strided(3))
	}
	return testCase{
		name: fmt.Sprintf("Gemm %+v", g), dst: dst, in: []operand{x, w, perChannel(g.bias, g.batch, g.n), perChannel(g.gate, g.batch, g.n)},
		call: func(k backend.Kernels, dst Tensor, t []Tensor) {
			k.Gemm(dst, t[0], t[1], backend.GemmArgs{Bias: t[2], Act: g.act, Add: g.add, Gate: t[3]})
		},
	}
}

// perChannel is a vector operand: none, [n] or [batch, n].
func perChannel(kind, batch, n int) operand {
	switch kind {
	case 1:
		return in(n)
	case 2:
		return in(batch, n).viewed(columns(2))
	}
	return operand{}
}

var allActs = []backend.Act{backend.None, backend.ReLU, backend.ReLU6, backend.SiLU, backend.GELU, backend.GELUTanh, backend.QuickGELU}

func gemmCases() (cases []testCase) {
	for _, dt := range weightTypes {
		for _, s := range [][4]int{
			{1, 1, 1, 1}, {1, 1, 17, 3}, {2, 1, 1, 300}, {1, 5, 33, 7}, {1, 6, 16, 64}, {1, 7, 31, 257}, {1, 13, 32, 256}, {1, 14, 64, 16},
			{2, 15, 65, 31}, {1, 29, 96, 513}, {3, 77, 40, 24}, {1, 100, 130, 67}, {1, 300, 5, 9}, {1, 2, 600, 1031}, {1, 3, 5, 0},
		} {
			cases = append(cases, gemm{batch: s[0], m: s[1], n: s[2], k: s[3], weights: dt}.testCase(),
				gemm{batch: s[0], m: s[1], n: s[2], k: s[3], weights: dt, views: true, bias: 1}.testCase())
		}
	}
	for _, act := range allActs {
		cases = append(cases, gemm{2, 9, 35, 20, tensor.F32, act, 2, 0, false, false}.testCase(),
			gemm{2, 9, 35, 20, tensor.BF16, act, 1, 2, true, true}.testCase())
	}
	return append(cases, gemm{2, 9, 35, 20, tensor.F32, backend.None, 0, 1, true, true}.testCase(),
		gemm{2, 9, 35, 20, tensor.F32, backend.None, 0, 0, true, true}.testCase())
}

// conv is a convolution of x [batch, h, w, in].
type conv struct {
	batch, h, w, in, out, kh, kw int
	stride                       int
	pad                          [4]int
	cut                          [2]int // rows and columns dropped of the doubled image
	up                           bool
	groups                       int
	act                          backend.Act
	affine                       int // of the norm: 0: none, 1: [in], 2: [batch, in]
	bias                         int
	add, views                   bool
	weights                      tensor.DType
	sampled                      bool
}

func (c conv) testCase() testCase {
	a := backend.ConvArgs{Stride: c.stride, Pad: c.pad, Add: c.add}
	h, w := c.h, c.w
	if c.up {
		h, w = 2*h-c.cut[0], 2*w-c.cut[1]
		a.Upsample = [2]int{h, w}
	}
	if c.groups > 0 {
		a.Norm = backend.NormArgs{Groups: c.groups, Eps: 1e-5, Act: c.act}
	}
	oh, ow := (h+c.pad[0]+c.pad[2]-c.kh)/c.stride+1, (w+c.pad[1]+c.pad[3]-c.kw)/c.stride+1
	x, dst := in(c.batch, c.h, c.w, c.in), out(c.batch, oh, ow, c.out)
	if c.add {
		dst = dst.with(uniform)
	}
	if c.views {
		x, dst = x.viewed(strided(4)), dst.viewed(strided(4))
	}
	return testCase{
		name: fmt.Sprintf("Conv2D %+v", c), dst: dst, sampled: c.sampled,
		in: []operand{x, in(c.out, c.kh, c.kw, c.in).as(c.weights), perChannel(c.bias, c.batch, c.out),
			perChannel(c.affine, c.batch, c.in), perChannel(c.affine, c.batch, c.in)},
		call: func(k backend.Kernels, dst Tensor, t []Tensor) {
			a := a
			a.Bias, a.Norm.Gamma, a.Norm.Beta = t[2], t[3], t[4]
			k.Conv2D(dst, t[0], t[1], a)
		},
	}
}

func convCases() (cases []testCase) {
	same := [4]int{1, 1, 1, 1}
	for _, c := range []conv{
		{batch: 1, h: 1, w: 1, in: 1, out: 1, kh: 1, kw: 1, stride: 1},
		{batch: 1, h: 1, w: 1, in: 3, out: 5, kh: 3, kw: 3, stride: 1, pad: same, bias: 1},
		{batch: 2, h: 5, w: 7, in: 4, out: 3, kh: 3, kw: 3, stride: 1, pad: same, bias: 2, views: true},
		{batch: 2, h: 6, w: 9, in: 16, out: 33, kh: 3, kw: 3, stride: 2, pad: same, bias: 1},
		{batch: 1, h: 9, w: 6, in: 8, out: 16, kh: 3, kw: 3, stride: 2, pad: [4]int{0, 0, 1, 1}, views: true},
		{batch: 1, h: 11, w: 13, in: 3, out: 7, kh: 9, kw: 9, stride: 1, pad: [4]int{4, 3, 2, 5}},
		{batch: 1, h: 18, w: 18, in: 3, out: 24, kh: 9, kw: 9, stride: 2},
		{batch: 2, h: 4, w: 5, in: 6, out: 17, kh: 1, kw: 1, stride: 1, add: true, views: true},
		{batch: 1, h: 7, w: 4, in: 5, out: 9, kh: 2, kw: 3, stride: 1, pad: [4]int{1, 0, 0, 2}},
		{batch: 2, h: 3, w: 5, in: 8, out: 6, kh: 3, kw: 3, stride: 1, pad: same, up: true},
		{batch: 1, h: 3, w: 5, in: 8, out: 6, kh: 3, kw: 3, stride: 1, pad: same, up: true, cut: [2]int{1, 0}},
		{batch: 1, h: 4, w: 3, in: 8, out: 6, kh: 3, kw: 3, stride: 1, pad: same, up: true, cut: [2]int{1, 1}, views: true, add: true, bias: 2},
		{batch: 2, h: 5, w: 6, in: 24, out: 20, kh: 3, kw: 3, stride: 1, pad: same, groups: 8, act: backend.SiLU, affine: 1, bias: 1},
		{batch: 2, h: 5, w: 6, in: 24, out: 20, kh: 3, kw: 3, stride: 1, pad: same, groups: 3, act: backend.None, affine: 2, views: true, add: true},
		{batch: 1, h: 6, w: 5, in: 32, out: 8, kh: 3, kw: 3, stride: 2, pad: same, groups: 32, act: backend.SiLU},
		{batch: 1, h: 4, w: 4, in: 16, out: 8, kh: 3, kw: 3, stride: 1, pad: same, groups: 4, act: backend.SiLU, affine: 1, up: true},
		{batch: 1, h: 3, w: 100, in: 200, out: 40, kh: 3, kw: 3, stride: 1, pad: same, bias: 1},
		{batch: 1, h: 40, w: 3, in: 12, out: 300, kh: 3, kw: 3, stride: 1, pad: same},
	} {
		for _, c.weights = range weightTypes {
			cases = append(cases, c.testCase())
		}
	}
	return cases
}
