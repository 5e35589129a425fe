//go:build !noasm

package simd

import "github.com/klauspost/cpuid/v2"

//go:generate go -C _asm run ./gemm -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go -pkg simd
//go:generate go -C _asm run ./elementwise -out ../elementwise_amd64.s -stubs ../elementwise_stubs_amd64.go -pkg simd

// native returns the assembly implementations that this processor can run, the best first.
func native() []*Kernels {
	var found []*Kernels
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.AVX2, cpuid.FMA3, cpuid.F16C) {
		found = append(found, avx512())
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C) {
		found = append(found, avx2())
	}
	return found
}

// The turns of the peak's loop are this many multiply-adds of vectors.
const peakChains = 12

func avx2() *Kernels {
	k := generic()
	k.Name, k.MR, k.NR = "avx2", 6, 16
	k.Tile = tileAVX2
	k.convert()
	k.Peak = func(n int) int64 { peakAVX2(n); return int64(n) * peakChains * 8 * 2 }
	k.Act = [7]func(dst, x []float32){actGeneric[0], reluAVX2, relu6AVX2, siluAVX2, geluAVX2, geluTanhAVX2, quickGELUAVX2}
	k.Affine, k.Normalize, k.Add, k.Mul, k.MulAdd = affineAVX2, normalizeAVX2, addAVX2, mulAVX2, mulAddAVX2
	k.Lincomb, k.Scale, k.AddSquares = lincombAVX2, scaleAVX2, addSquaresAVX2
	k.Max, k.ExpSum, k.Sum, k.SumSquares = maxAVX2, expSumAVX2, sumAVX2, sumSquaresAVX2
	return k
}

func avx512() *Kernels {
	k := generic()
	k.Name, k.MR, k.NR = "avx512", 14, 32
	k.Tile = tileAVX512
	k.convert()
	k.Peak = func(n int) int64 { peakAVX512(n); return int64(n) * peakChains * 16 * 2 }
	k.Act = [7]func(dst, x []float32){actGeneric[0], reluAVX512, relu6AVX512, siluAVX512, geluAVX512, geluTanhAVX512, quickGELUAVX512}
	k.Affine, k.Normalize, k.Add, k.Mul, k.MulAdd = affineAVX512, normalizeAVX512, addAVX512, mulAVX512, mulAddAVX512
	k.Lincomb, k.Scale, k.AddSquares = lincombAVX512, scaleAVX512, addSquaresAVX512
	k.Max, k.ExpSum, k.Sum, k.SumSquares = maxAVX512, expSumAVX512, sumAVX512, sumSquaresAVX512
	return k
}

// convert sets the conversions, of equally long slices and into panels of NR columns.
func (k *Kernels) convert() {
	k.PackF32 = packer(k.NR, transposeF32, packF32Generic)
	k.PackF16 = packer(k.NR, transposeF16, packF16Generic)
	k.PackBF16 = packer(k.NR, transposeBF16, packBF16Generic)
	k.PackI8 = packer(k.NR, transposeI8, packI8Generic)
	k.FromF16 = inBlocks(fromF16Blocks, fromF16Generic)
	k.FromBF16 = inBlocks(fromBF16Blocks, fromBF16Generic)
	k.ToF16 = inBlocks(toF16Blocks, toF16Generic)
	k.ToBF16 = inBlocks(toBF16Blocks, toBF16Generic)
}

// inBlocks returns a conversion that does blocks of eight in assembly and the rest in Go.
func inBlocks[D, S any](blocks func(dst *D, src *S, blocks int), rest func(dst []D, src []S)) func(dst []D, src []S) {
	return func(dst []D, src []S) {
		n := len(src) / 8
		if n > 0 {
			blocks(&dst[0], &src[0], n)
		}
		rest(dst[8*n:], src[8*n:])
	}
}
