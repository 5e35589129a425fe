// Package kernels holds the kernels of the CUDA backend: NAME.cu is their source, NAME.ptx what generate.sh makes of it.
package kernels

import "embed"

// PTX has a file for each family of kernels.
//
//go:embed *.ptx
var PTX embed.FS
