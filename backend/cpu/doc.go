// Package cpu is the backend of the host's processor: packed, register-tiled kernels in AVX-512 or AVX2 assembly, chosen
// at run time, and the same loops in Go for every other machine.
//
// The environment variable FACECLIP_CPU pins the implementation, one of Variants: those that begin with avx512 or avx2 compute the same
// bits in float32, and those after the dash are for products of bfloat16s and integers. docs/performance.md leads from a layer to the
// registers.
package cpu
