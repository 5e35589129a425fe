// Package mini holds miniature models: the whole of each pipeline with a few small layers and random weights. Tests compare
// them with the reference; examples show with them that the program works. They draw no faces.
package mini

import (
	"embed"
	"io/fs"
)

//go:embed sdxl flux
var files embed.FS

// SDXL returns the model folder of FaceCLIP-SDXL.
func SDXL() fs.FS { return sub("sdxl") }

// FLUX returns the model folder of FaceT5-FLUX.
func FLUX() fs.FS { return sub("flux") }

func sub(name string) fs.FS {
	dir, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // names are constants
	}
	return dir
}
