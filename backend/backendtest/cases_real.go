package backendtest

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// sampledGemm is a gemm of which not every element is checked.
func sampledGemm(g gemm) testCase {
	c := g.testCase()
	c.sampled = true
	return c
}

// realCases are shapes of the pipelines, the images small.
func realCases() []testCase {
	same := [4]int{1, 1, 1, 1}
	return []testCase{
		sampledGemm(gemm{batch: 1, m: 77, n: 5120, k: 1280, weights: tensor.BF16, act: backend.GELU, bias: 1}),
		sampledGemm(gemm{batch: 2, m: 243, n: 2560, k: 640, weights: tensor.F16, bias: 1, gate: 2, add: true}),
		sampledGemm(gemm{batch: 2, m: 972, n: 1280, k: 1280, weights: tensor.F32, bias: 1, add: true}),
		sampledGemm(gemm{batch: 1, m: 1, n: 48, k: 110592, weights: tensor.BF16}),
		conv{batch: 2, h: 36, w: 27, in: 640, out: 320, kh: 3, kw: 3, stride: 1, pad: same, groups: 32, act: backend.SiLU, affine: 1, bias: 2, weights: tensor.BF16, sampled: true}.testCase(),
		conv{batch: 2, h: 72, w: 54, in: 320, out: 320, kh: 3, kw: 3, stride: 2, pad: same, bias: 1, weights: tensor.BF16, sampled: true}.testCase(),
		conv{batch: 1, h: 36, w: 27, in: 256, out: 256, kh: 3, kw: 3, stride: 1, pad: same, up: true, cut: [2]int{0, 1}, bias: 1, weights: tensor.F16, sampled: true}.testCase(),
		conv{batch: 1, h: 24, w: 864, in: 128, out: 3, kh: 3, kw: 3, stride: 1, pad: same, groups: 32, act: backend.SiLU, affine: 1, bias: 1, weights: tensor.F32, sampled: true}.testCase(),
		attention{batch: 2, lq: 972, lk: 972, heads: 5, d: 64, dv: 64, sampled: true}.testCase(),
		attention{batch: 2, lq: 972, lk: 77, heads: 5, d: 64, dv: 64, sampled: true}.testCase(),
		attention{batch: 1, lq: 77, lk: 77, heads: 12, d: 64, dv: 64, causal: true, fused: true, sampled: true}.testCase(),
		attention{batch: 1, lq: 300, lk: 1100, heads: 1, d: 512, dv: 512, sampled: true}.testCase(),
		norm{kind: "GroupNorm", batch: 2, l: 3888, c: 320, groups: 32, affine: 1, act: backend.SiLU, mean: 2, sampled: true}.testCase(),
		norm{kind: "LayerNorm", batch: 2, l: 972, c: 1280, affine: 1, mean: 1, sampled: true}.testCase(),
		deform{1, 12, 12, 8, 160, 4, 3, false}.testCase(),
	}
}

// longCases are the largest shapes of the pipelines.
func longCases() []testCase {
	same := [4]int{1, 1, 1, 1}
	return []testCase{
		sampledGemm(gemm{batch: 2, m: 972, n: 10240, k: 1280, weights: tensor.BF16, bias: 1}),
		sampledGemm(gemm{batch: 2, m: 3888, n: 640, k: 2560, weights: tensor.BF16, bias: 1, add: true}),
		conv{batch: 2, h: 144, w: 108, in: 960, out: 320, kh: 3, kw: 3, stride: 1, pad: same, groups: 32, act: backend.SiLU, affine: 1, bias: 2, weights: tensor.BF16, sampled: true}.testCase(),
		conv{batch: 2, h: 36, w: 27, in: 2560, out: 1280, kh: 3, kw: 3, stride: 1, pad: same, groups: 32, act: backend.SiLU, affine: 1, bias: 2, weights: tensor.BF16, sampled: true}.testCase(),
		conv{batch: 1, h: 576, w: 432, in: 256, out: 128, kh: 3, kw: 3, stride: 1, pad: same, groups: 32, act: backend.SiLU, affine: 1, bias: 1, weights: tensor.F16, sampled: true}.testCase(),
		attention{batch: 1, lq: 3888, lk: 3888, heads: 10, d: 64, dv: 64, sampled: true}.testCase(),
		attention{batch: 1, lq: 15552, lk: 15552, heads: 1, d: 512, dv: 512, sampled: true}.testCase(),
		norm{kind: "GroupNorm", batch: 1, l: 497664, c: 128, groups: 32, affine: 1, act: backend.SiLU, mean: 3, sampled: true}.testCase(),
	}
}
