// Package trained holds a miniature FaceCLIP-SDXL that is really trained, on drawings of persons who do not exist, and ten such
// persons. It draws people of its kind whom it has never seen, in clothes and places that a prompt says. It is a toy: photographs
// need the published weights. tools/demo has all that it was made with.
//
//	p, err := faceclip.OpenFS(ctx, trained.Model(), nil)
//	june, err := trained.Face("june")
//	img, err := p.Generate(ctx, &faceclip.Request{
//		Face: june, Prompt: "a person wearing a red t-shirt, on a beach at sunset, smiling",
//		Width: trained.Width, Height: trained.Height, Steps: trained.Steps, Guidance: faceclip.Guidance{Scale: trained.Guidance},
//	})
//
// Programs that import it grow by some 14 MB; package mini has models of the same kind that are smaller, with random weights.
package trained

import (
	"embed"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// What the model was trained for: other sizes give other things than portraits.
const (
	Width    = 160
	Height   = 224
	Steps    = 20
	Guidance = 4
)

//go:embed model faces
var files embed.FS

// Model returns the model's folder, in the layout of diffusers.
func Model() fs.FS {
	model, err := fs.Sub(files, "model")
	if err != nil {
		panic(err) // the files are a part of the program
	}
	return model
}

// Names returns the names of the persons.
func Names() []string {
	entries, err := files.ReadDir("faces")
	if err != nil {
		panic(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".png"))
	}
	return names
}

// Face returns the aligned face of a person, 112×112 pixels.
func Face(name string) (image.Image, error) {
	if names := Names(); !slices.Contains(names, name) {
		return nil, fmt.Errorf("trained: nobody is called %.100q, only %s", name, strings.Join(names, ", "))
	}
	f, err := files.Open(path.Join("faces", name+".png"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}
