package backendtest

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// systemTests are the shapes of both systems with fewer rows, pixels or heads, compared in part.
func systemTests() []test {
	gemms := made([]gemm{
		{rows: []int{2, 122}, k: 1280, n: 1280, weight: tensor.F16, bias: shared, add: true},               // to_out of the U-Net
		{rows: []int{2, 31}, k: 1280, n: 5120, weight: tensor.F16, bias: shared},                           // half of GEGLU
		{rows: []int{1, 77}, k: 768, n: 3072, bias: shared, act: backend.QuickGELU},                        // CLIP-L
		{rows: []int{1, 2}, k: 110592, n: 66},                                                              // face vector
		{rows: []int{1, 144}, k: 768, n: 2304},                                                             // face ViT
		{rows: []int{1, 64}, k: 4096, n: 1024, weight: tensor.BF16, add: true},                             // T5
		{rows: []int{1, 70}, k: 3072, n: 1024, weight: tensor.BF16, bias: shared, add: true, gate: shared}, // FLUX
		{rows: []int{1, 70}, k: 3072, n: 1024, weight: tensor.I8, bias: shared, add: true, gate: shared},   // FLUX in int8
		{rows: []int{1, 33}, k: 3072, n: 1000, weight: tensor.BF16, w: columns(2), x: columns(3)},          // part of proj_out
		{rows: []int{2, 1}, k: 2816, n: 1280, bias: shared, act: backend.SiLU},                             // time embedding
		{rows: []int{2, 18, 27}, k: 640, n: 320, bias: batched, dst: columns(4)},                           // shortcut
	}...)
	convs := made(
		same(3, 320, 2, 72, 54, 4), same(3, 4, 1, 72, 54, 320).normed(), same(3, 320, 1, 27, 18, 320).normed(),
		same(3, 640, 2, 9, 6, 640).normed(), same(3, 128, 1, 54, 72, 128).normed(), same(3, 3, 1, 96, 108, 128).normed(),
		same(1, 320, 1, 27, 18, 960), conv{x: []int{1, 36, 27, 320}, o: 320, kernel: [2]int{3, 3}, stride: 2, pad: [4]int{1, 1, 1, 1}},
		same(3, 256, 1, 18, 14, 256).enlarged(36, 27), same(3, 512, 1, 18, 14, 16),
	)
	attentions := made([]attention{
		{b: 1, lq: 972, lk: 972, h: 3, d: 64}, {b: 2, lq: 972, lk: 77, h: 4, d: 64},
		{b: 1, lq: 77, lk: 77, h: 20, d: 64, causal: true},
		{b: 1, lq: 144, lk: 144, h: 8, d: 96, fused: true}, {b: 1, lq: 144, lk: 77, h: 4, d: 256},
		{b: 1, lq: 77, lk: 144, h: 4, d: 256},
		{b: 1, lq: 77, lk: 77, h: 4, d: 320}, {b: 1, lq: 512, lk: 512, h: 2, d: 64, bias: true, scale: 1},
		{b: 1, lq: 550, lk: 550, h: 2, d: 128}, {b: 1, lq: 486, lk: 486, h: 1, d: 512}, {b: 1, lq: 128, lk: 128, h: 4, d: 1024},
		{b: 1, lq: 16, lk: 15552, h: 1, d: 64, q: oneOf(1e4, -1e4, 0)},
	}...)
	return sampled(gemms, convs, attentions, systemRows())
}

// normed puts GroupNorm and SiLU, as in every resnet, in front of the convolution.
func (c conv) normed() conv {
	c.groups, c.gamma, c.act, c.bias, c.add, c.weight = 32, shared, backend.SiLU, batched, true, tensor.F16
	return c
}

// enlarged doubles x first.
func (c conv) enlarged(rows, cols int) conv {
	c.up, c.bias = [2]int{rows, cols}, shared
	return c
}

// systemRows are the operations that cost little.
func systemRows() []test {
	activated := norm{kernel: "GroupNorm", x: []int{1, 144, 216, 128}, gamma: shared, beta: shared, groups: 32, act: backend.SiLU}
	flat, far := activated, activated
	flat.values, far.values = "constant", "offset"
	norms := made([]norm{
		{kernel: "LayerNorm", x: []int{2, 243, 1280}, gamma: shared, beta: shared},
		{kernel: "LayerNorm", x: []int{1, 440, 3072}, gamma: batched, beta: batched, plusOne: true, eps: 1e-6},
		{kernel: "RMSNorm", x: []int{1, 440, 6, 128}, gamma: shared, eps: 1e-6, inPlace: true, view: third(1, 6)},
		{kernel: "RMSNorm", x: []int{1, 128, 4096}, gamma: shared, eps: 1e-6},
		{kernel: "GroupNorm", x: []int{2, 72, 54, 320}, gamma: shared, beta: shared, groups: 32, eps: 1e-6},
		flat, far,
	}...)
	return append(norms,
		rope([]int{1, 440, 12, 128}, third(1, 12)), deform{2, 12, 12, 8, 160, 4, normal(0, 2), "face", false}.test(),
		ofTwo("Glu", "GEGLU", []int{2, 81, 5120}, []int{2, 81, 5120},
			func(k backend.Kernels, dst, a, b Tensor) { k.Glu(dst, a, b, backend.GELU) })[0],
		ofTwo("Add", "positions", []int{2, 243, 1280}, []int{243, 1280},
			func(k backend.Kernels, dst, a, b Tensor) { k.Add(dst, a, b) })[0],
		ofTwo("Lincomb", "guidance", []int{1, 144, 108, 16}, []int{1, 144, 108, 16},
			func(k backend.Kernels, dst, a, b Tensor) { k.Lincomb(dst, -6.5, a, 7.5, b) })[0],
		ofOne("Act", "gelu", []int{1, 110, 3072}, normal(0, 3),
			func(k backend.Kernels, dst, x Tensor) { k.Act(dst, x, backend.GELUTanh) })[0],
		conversion(tensor.F32, tensor.BF16, []int{1, 243, 1280}, columns(3), view{}, uniform),
		conversion(tensor.F16, tensor.F32, []int{512, 1280}, view{}, view{}, uniform))
}

// longTests are the largest calls of both systems at 1152×864, uncut.
func longTests() []test {
	return sampled(slices.Concat(
		made([]gemm{
			{rows: []int{2, 3888}, k: 1280, n: 10240, weight: tensor.F16, bias: shared},
			{rows: []int{1, 4400}, k: 3072, n: 9216, weight: tensor.BF16, bias: shared},
			{rows: []int{1, 4400}, k: 3072, n: 9216, weight: tensor.I8, bias: shared},
			{rows: []int{1, 512}, k: 10240, n: 4096, weight: tensor.BF16, add: true},
		}...),
		made(
			same(3, 320, 2, 144, 108, 320).normed(), same(3, 1280, 2, 36, 27, 2560).normed(),
			same(3, 1280, 1, 36, 27, 1280).enlarged(72, 54), same(3, 1280, 1, 144, 108, 320),
			same(3, 128, 1, 1152, 864, 128).normed(), same(3, 512, 1, 144, 108, 512).enlarged(288, 216),
		),
		made([]attention{
			{b: 2, lq: 3888, lk: 3888, h: 10, d: 64}, {b: 1, lq: 15552, lk: 15552, h: 1, d: 512},
			{b: 1, lq: 4400, lk: 4400, h: 24, d: 128},
			{b: 1, lq: 512, lk: 512, h: 64, d: 64, bias: true, scale: 1},
		}...),
		made(norm{kernel: "GroupNorm", x: []int{1, 1152, 864, 128}, gamma: shared, beta: shared, groups: 32, act: backend.SiLU}),
	))
}
