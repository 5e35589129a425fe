// Package mini holds a miniature model: the whole of FaceCLIP-SDXL with a few small layers and random weights. Tests
// compare it with the reference; examples show with it that the program works. It draws no faces.
package mini

import (
	"embed"
	"io/fs"
)

//go:embed sdxl
var files embed.FS

// SDXL returns the model folder.
func SDXL() fs.FS {
	dir, err := fs.Sub(files, "sdxl")
	if err != nil {
		panic(err) // the name is a constant
	}
	return dir
}
