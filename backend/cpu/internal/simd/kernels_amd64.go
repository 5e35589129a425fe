//go:build !noasm

package simd

import "github.com/klauspost/cpuid/v2"

//go:generate go -C _asm run ./gemm -out ../gemm_amd64.s -stubs ../gemm_amd64.go -pkg simd

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

func avx2() *Kernels {
	k := generic()
	k.Name, k.MR, k.NR = "avx2", 6, 16
	k.Tile = tileAVX2
	k.PackF32, k.PackF16, k.PackBF16 = packer(k.NR, transposeF32, packF32Go), packer(k.NR, transposeF16, packF16Go), packer(k.NR, transposeBF16, packBF16Go)
	k.Peak = func(n int) int64 { peakAVX2(n); return int64(n) * 12 * 8 * 2 }
	return k
}

func avx512() *Kernels {
	k := avx2()
	k.Name, k.MR, k.NR = "avx512", 14, 32
	k.Tile = tileAVX512
	k.PackF32, k.PackF16, k.PackBF16 = packer(k.NR, transposeF32, packF32Go), packer(k.NR, transposeF16, packF16Go), packer(k.NR, transposeBF16, packBF16Go)
	k.Peak = func(n int) int64 { peakAVX512(n); return int64(n) * 12 * 16 * 2 }
	return k
}
