// Package cpu is the backend of the host's processor: packed, register-tiled kernels in AVX-512 or AVX2 assembly, chosen
// at run time, and the same loops in Go for every other machine.
//
// The environment variable FACECLIP_CPU pins the implementation: avx512, avx2 or generic.
package cpu
