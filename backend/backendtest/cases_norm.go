package backendtest

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
)

// norm is a LayerNorm, RMSNorm or GroupNorm of x [batch, l, c].
type norm struct {
	kind           string
	batch, l, c    int
	groups         int
	act            backend.Act
	affine         int // 0: none, 1: [c], 2: [batch, c]
	plusOne        bool
	mean           float32 // of x, whose standard deviation is 1, or 0 if constant
	constant       bool
	views, inPlace bool
	sampled        bool
}

func (n norm) testCase() testCase {
	x, dst := in(n.batch, n.l, n.c).with(normal(n.mean, 1)), out(n.batch, n.l, n.c)
	if n.constant {
		x = x.with(constant(n.mean))
	}
	if n.views {
		x, dst = x.viewed(strided(3)), dst.viewed(columns(3))
	}
	t := testCase{
		name: fmt.Sprintf("%+v", n), dst: dst, sampled: n.sampled,
		in: []operand{x, perChannel(n.affine, n.batch, n.c), perChannel(n.affine, n.batch, n.c)},
		call: func(k backend.Kernels, dst Tensor, t []Tensor) {
			a := backend.NormArgs{Gamma: t[1], Beta: t[2], PlusOne: n.plusOne, Eps: 1e-5, Groups: n.groups, Act: n.act}
			switch n.kind {
			case "LayerNorm":
				k.LayerNorm(dst, t[0], a)
			case "RMSNorm":
				a.Beta = Tensor{}
				k.RMSNorm(dst, t[0], a)
			default:
				k.GroupNorm(dst, t[0], a)
			}
		},
	}
	if n.inPlace {
		t.alias = 1
	}
	return t
}

func normCases() (cases []testCase) {
	for _, kind := range []string{"LayerNorm", "RMSNorm"} {
		for _, n := range []norm{
			{batch: 1, l: 1, c: 1}, {batch: 2, l: 3, c: 5, affine: 1}, {batch: 2, l: 3, c: 64, affine: 2, views: true},
			{batch: 1, l: 9, c: 129, affine: 1, inPlace: true}, {batch: 2, l: 2, c: 1280, affine: 1, views: true, inPlace: true},
			{batch: 1, l: 3, c: 320, mean: 1000}, {batch: 1, l: 2, c: 33, mean: 3, constant: true}, {batch: 2, l: 3, c: 31},
			{batch: 2, l: 5, c: 48, affine: 2, plusOne: kind == "LayerNorm", mean: -2},
		} {
			n.kind = kind
			cases = append(cases, n.testCase())
		}
	}
	for _, n := range []norm{
		{batch: 1, l: 1, c: 1, groups: 1}, {batch: 2, l: 7, c: 24, groups: 8, affine: 1}, {batch: 2, l: 7, c: 24, groups: 3, affine: 2, act: backend.SiLU, views: true},
		{batch: 1, l: 50, c: 64, groups: 32, affine: 1, act: backend.SiLU, inPlace: true}, {batch: 1, l: 300, c: 10, groups: 2, mean: 1000, affine: 1},
		{batch: 2, l: 40, c: 32, groups: 32, mean: 5, constant: true}, {batch: 3, l: 513, c: 40, groups: 4, affine: 2, inPlace: true, views: true},
		{batch: 1, l: 5000, c: 16, groups: 16, mean: -30, act: backend.GELU},
	} {
		n.kind = "GroupNorm"
		cases = append(cases, n.testCase())
	}
	return cases
}
