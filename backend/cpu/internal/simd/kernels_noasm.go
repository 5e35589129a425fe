//go:build !amd64 || noasm

package simd

// native returns nothing: there is no assembly for this machine, or it was left out.
func native() []*Kernels { return nil }
