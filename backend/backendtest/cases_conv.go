package backendtest

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A conv is a call of Conv2D for x [x...] and w [o, kernel, kernel, x[3]].
type conv struct {
	x            []int
	o            int
	kernel       [2]int
	stride       int // 0 is 1
	pad          [4]int
	up           [2]int
	weight       tensor.DType
	groups       int // of Norm
	gamma        vec
	act          backend.Act
	mean         float32 // of x, where its standard deviation is 1
	bias         vec
	add          bool
	xview, dview view
}

// same is a square convolution that keeps the size of the image.
func same(kernel int, o int, x ...int) conv {
	p := kernel / 2
	return conv{x: x, o: o, kernel: [2]int{kernel, kernel}, pad: [4]int{p, p, p, p}}
}

func (c conv) test() test {
	c.stride = max(c.stride, 1)
	if c.weight == 0 {
		c.weight = tensor.F32
	}
	h, w := c.x[1], c.x[2]
	if c.up != [2]int{} {
		h, w = c.up[0], c.up[1]
	}
	batch, channels := c.x[0], c.x[3]
	dst := out(batch, (h+c.pad[0]+c.pad[2]-c.kernel[0])/c.stride+1, (w+c.pad[1]+c.pad[3]-c.kernel[1])/c.stride+1, c.o)
	if c.add {
		dst.fill = uniform
	}
	x := in(c.x...)
	if c.mean != 0 {
		x.fill = normal(c.mean, 1)
	}
	gamma := c.gamma.operand(batch, channels)
	weights, scale := quantizable(c.weight, c.o, c.kernel[0], c.kernel[1], channels)
	return test{
		kernel:   "Conv2D",
		name:     c.label(),
		operands: []operand{dst.viewed(c.dview), x.viewed(c.xview), weights, c.bias.operand(batch, c.o), gamma, gamma, scale},
		call: func(k backend.Kernels, t []Tensor) {
			k.Conv2D(t[0], t[1], backend.Weight{Matrix: t[2], Scale: t[6]}, backend.ConvArgs{Bias: t[3], Stride: c.stride, Pad: c.pad, Upsample: c.up, Add: c.add,
				Norm: backend.NormArgs{Gamma: t[4], Beta: t[5], Eps: 1e-5, Groups: c.groups, Act: c.act}})
		},
	}
}

func (c conv) label() string {
	return label(c.x, c.o, c.kernel, flag(c.stride == 2, "stride2"), flag(c.pad != [4]int{}, "pad", c.pad),
		flag(c.up != [2]int{}, "up", c.up), c.weight, flag(c.groups > 0, "norm", c.groups), c.gamma.label("gamma"), c.act,
		flag(c.mean != 0, "mean", c.mean), c.bias.label("bias"), flag(c.add, "add"), c.xview.label("x"), c.dview.label("dst"))
}

func convTests() []test {
	calls := append(convShapes(), convNorms()...)
	for _, w := range weightTypes {
		for _, bias := range []vec{without, shared, batched} {
			for _, add := range []bool{false, true} {
				c := same(3, 19, 2, 5, 7, 11)
				c.weight, c.bias, c.add = w, bias, add
				c.xview, c.dview = columns(4), columns(4)
				calls = append(calls, c)
				c.xview, c.dview = strided(4), strided(4)
				c.groups, c.gamma, c.act = 1, batched, backend.SiLU
				calls = append(calls, c)
			}
		}
	}
	for _, c := range calls[:len(calls):len(calls)] {
		if c.weight == 0 {
			c.weight = tensor.I8
			calls = append(calls, c)
		}
	}
	return made(calls...)
}

// convShapes are images and kernels of many sizes.
func convShapes() []conv {
	calls := []conv{
		same(1, 1, 1, 1, 1, 1), same(1, 17, 2, 3, 5, 33), same(1, 64, 1, 8, 8, 64), same(3, 1, 1, 1, 1, 1),
		same(3, 5, 1, 1, 9, 3), same(3, 5, 1, 9, 1, 3), same(3, 33, 1, 2, 2, 65), same(3, 4, 1, 6, 7, 320),
		same(3, 320, 1, 6, 5, 4), same(3, 3, 1, 13, 11, 128), same(9, 6, 1, 5, 12, 3), same(3, 48, 2, 12, 10, 48),
		same(3, 130, 1, 4, 5, 131), same(3, 2, 1, 2, 4096, 3), same(3, 40, 1, 3, 4, 200), same(3, 300, 1, 3, 3, 6),
		{x: []int{1, 16, 16, 192}, o: 1, kernel: [2]int{16, 16}, pad: [4]int{1, 1, 1, 1}, weight: tensor.BF16}, // the widest kernel
		{x: []int{1, 90, 11, 2}, o: 3, kernel: [2]int{3, 3}, stride: 2, pad: [4]int{1, 1, 1, 1}, weight: tensor.F16},
		{x: []int{2, 12, 13, 3}, o: 31, kernel: [2]int{9, 9}},
		{x: []int{1, 7, 9, 5}, o: 6, kernel: [2]int{3, 1}, pad: [4]int{1, 0, 1, 0}},
		{x: []int{1, 7, 9, 5}, o: 6, kernel: [2]int{1, 3}, pad: [4]int{0, 1, 0, 1}},
		{x: []int{1, 5, 6, 7}, o: 9, kernel: [2]int{2, 4}, pad: [4]int{1, 2, 0, 1}},
		{x: []int{2, 6, 5, 8}, o: 10, kernel: [2]int{3, 3}, pad: [4]int{0, 1, 2, 3}}, // a pad as wide as the kernel
	}
	for _, size := range [][2]int{{1, 1}, {4, 4}, {5, 7}, {8, 5}, {13, 27}} {
		for _, pad := range [][4]int{{1, 1, 1, 1}, {0, 0, 1, 1}, {2, 1, 1, 2}} {
			if size[0]+pad[0]+pad[2] < 3 { // smaller than the kernel
				continue
			}
			calls = append(calls, conv{x: []int{2, size[0], size[1], 10}, o: 18, kernel: [2]int{3, 3}, stride: 2, pad: pad})
		}
		h, w := 2*size[0], 2*size[1]
		for _, up := range [][2]int{{h, w}, {h - 1, w}, {h, w - 1}, {h - 1, w - 1}} {
			c := same(3, 18, 2, size[0], size[1], 10)
			c.up = up
			calls = append(calls, c)
			c.stride, c.groups, c.act = 2, 5, backend.SiLU
			calls = append(calls, c)
		}
	}
	return calls
}

// convNorms normalise while they read.
func convNorms() []conv {
	var calls []conv
	add := func(groups int, gamma vec, act backend.Act) {
		c := same(3, 21, 2, 6, 5, 32)
		c.groups, c.gamma, c.act = groups, gamma, act
		calls = append(calls, c)
	}
	for _, gamma := range []vec{without, shared, batched} {
		for _, groups := range []int{1, 4, 32} {
			add(groups, gamma, backend.SiLU)
		}
	}
	for act := backend.None; act <= backend.QuickGELU; act++ {
		add(4, shared, act)
	}
	for _, kernel := range []int{1, 3} {
		c := same(kernel, 40, 1, 7, 9, 96)
		c.groups, c.gamma, c.act, c.mean = 32, shared, backend.SiLU, 30
		calls = append(calls, c)
	}
	return calls
}
