//go:build !noasm

package simd

import "github.com/klauspost/cpuid/v2"

//go:generate go -C _asm run ./gemm -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go -pkg simd
//go:generate go -C _asm run ./elementwise -out ../elementwise_amd64.s -stubs ../elementwise_stubs_amd64.go -pkg simd

// native returns the assembly implementations that this processor can run, the best first. Those of one length of vectors differ in
// what multiplies bfloat16s and integers.
func native() []*Kernels {
	var found []*Kernels
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.AVX2, cpuid.FMA3, cpuid.F16C) {
		if cpuid.CPU.Supports(cpuid.AVX512VNNI, cpuid.AVX512BF16) {
			found = append(found, avx512("avx512-bf16", dotI8AVX512, dotBF16))
		}
		if cpuid.CPU.Supports(cpuid.AVX512VNNI) {
			found = append(found, avx512("avx512-vnni", dotI8AVX512, nil))
		}
		found = append(found, avx512("avx512", maddAVX512, nil))
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C) {
		if cpuid.CPU.Supports(cpuid.AVXVNNI) {
			found = append(found, avx2("avx2-vnni", dotI8AVX2))
		}
		found = append(found, avx2("avx2", maddAVX2))
	}
	return found
}

func avx2(name string, integers func() Product) *Kernels {
	k := generic()
	k.Name = name
	k.convert()
	k.RoundBF16, k.PairBF16, k.AbsMax = roundBF16AVX2, pairBF16AVX2, absMaxAVX2
	k.F32 = floatsNative(16).product().with("VFMADD231PS, AVX2", 6, tileAVX2, turns(peakAVX2, 8))
	k.F32.Few = few{2, fewF32AVX2, fewF16AVX2, fewBF16AVX2, fewI8AVX2}.multiply
	k.BF16, k.I8 = k.rounded(k.F32), integers()
	k.Act = [7]func(dst, x []float32){actGeneric[0], reluAVX2, relu6AVX2, siluAVX2, geluAVX2, geluTanhAVX2, quickGELUAVX2}
	k.Affine, k.Normalize, k.Add, k.Mul, k.MulAdd = affineAVX2, normalizeAVX2, addAVX2, mulAVX2, mulAddAVX2
	k.Lincomb, k.Scale, k.AddSquares = lincombAVX2, scaleAVX2, addSquaresAVX2
	k.Max, k.ExpSum, k.Sum, k.SumSquares = maxAVX2, expSumAVX2, sumAVX2, sumSquaresAVX2
	return k
}

func avx512(name string, integers func() Product, bf16 func(*Kernels) Product) *Kernels {
	k := generic()
	k.Name = name
	k.convert()
	k.ToBF16 = inBlocks(16, toBF16Wide, k.ToBF16)
	k.RoundBF16, k.PairBF16, k.AbsMax = roundBF16AVX512, pairBF16AVX512, absMaxAVX512
	k.F32 = floatsNative(32).product().with("VFMADD231PS, AVX-512", 14, tileAVX512, turns(peakAVX512, 16))
	k.F32.Few = few{4, fewF32AVX512, fewF16AVX512, fewBF16AVX512, fewI8AVX512}.multiply
	k.BF16, k.I8 = k.rounded(k.F32), integers()
	if bf16 != nil {
		k.BF16 = bf16(k)
	}
	k.Act = [7]func(dst, x []float32){actGeneric[0], reluAVX512, relu6AVX512, siluAVX512, geluAVX512, geluTanhAVX512, quickGELUAVX512}
	k.Affine, k.Normalize, k.Add, k.Mul, k.MulAdd = affineAVX512, normalizeAVX512, addAVX512, mulAVX512, mulAddAVX512
	k.Lincomb, k.Scale, k.AddSquares = lincombAVX512, scaleAVX512, addSquaresAVX512
	k.Max, k.ExpSum, k.Sum, k.SumSquares = maxAVX512, expSumAVX512, sumAVX512, sumSquaresAVX512
	return k
}

func dotBF16(k *Kernels) Product {
	c := pairsOf(32)
	c.f32.blocks, c.f16.blocks, c.bf16.blocks, c.i8.blocks = transposePairsF32, transposePairsF16, transposeF32, transposePairsI8
	p := pairs{columns: c, narrow: inBlocks(32, narrowBF16, k.ToBF16), pair: k.PairBF16}
	return p.product().with("VDPBF16PS, AVX-512", 14, tileBF16, turns(peakBF16, 2*16))
}

func dotI8AVX512() Product {
	return bytesOf(32).with("VPDPBUSD, AVX-512", 14, tileVNNI512, turns(peakVNNI512, 4*16))
}
func dotI8AVX2() Product {
	return bytesOf(16).with("VPDPBUSD, AVX-VNNI", 6, tileVNNI256, turns(peakVNNI256, 4*8))
}
func maddAVX512() Product {
	return shortsOf(32).with("VPMADDWD, AVX-512", 14, tileMADD512, turns(peakMADD512, 2*16))
}
func maddAVX2() Product {
	return shortsOf(16).with("VPMADDWD, AVX2", 6, tileMADD256, turns(peakMADD256, 2*8))
}

// bytesOf returns a product of bytes, unsigned in a: 128 stands for 0.
func bytesOf(nr int) Product {
	c := columns{nr: nr, group: 4, i8: transposition[int8]{transposeF32, column(asStored[int8])}}
	return integers[uint8]{columns: c, zero: 128, blocks: quantizeU8Blocks, block: 32}.product(fromSums(nr))
}

// shortsOf returns a product of pairs of 16 bits, whose sums no instruction saturates.
func shortsOf(nr int) Product {
	c := columns{nr: nr, group: 2, i8: transposition[int8]{transposeShortsI8, column(func(v int8) int16 { return int16(v) })}}
	return integers[int16]{columns: c, blocks: quantizeI16Blocks, block: 16}.product(fromSums(nr))
}

func fromSums(nr int) func(dst, sums, zero, scales []float32, scale float32) {
	if nr == 32 {
		return fromIntegersAVX512
	}
	return fromIntegersAVX2
}

// turns makes Product.Peak of a loop that does peakChains products of vectors in each turn, of so many numbers.
func turns(loop func(n int), numbers int64) func(n int) int64 {
	const peakChains = 12
	return func(n int) int64 { loop(n); return int64(n) * peakChains * numbers * 2 }
}

func floatsNative(nr int) floats {
	c := floatsOf(nr)
	c.f32.blocks, c.f16.blocks, c.bf16.blocks, c.i8.blocks = transposeF32, transposeF16, transposeBF16, transposeI8
	return c
}

// convert sets the conversions of equally long slices.
func (k *Kernels) convert() {
	k.FromF16 = inBlocks(8, fromF16Blocks, fromF16Generic)
	k.FromBF16 = inBlocks(8, fromBF16Blocks, fromBF16Generic)
	k.ToF16 = inBlocks(8, toF16Blocks, toF16Generic)
	k.ToBF16 = inBlocks(8, toBF16Blocks, toBF16Generic)
}

// inBlocks returns a conversion that does blocks of so many numbers in assembly and the rest in Go.
func inBlocks[D, S any](size int, blocks func(dst *D, src *S, blocks int), rest func(dst []D, src []S)) func(dst []D, src []S) {
	return func(dst []D, src []S) {
		n := len(src) / size
		if n > 0 {
			blocks(&dst[0], &src[0], n)
		}
		rest(dst[size*n:], src[size*n:])
	}
}
