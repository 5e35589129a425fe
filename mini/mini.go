// Package mini holds miniature models: the whole of each system with a few small layers and random weights. They draw no
// faces, but they run everywhere in seconds, so that a program that uses a pipeline can be tested without the published weights:
//
//	p, err := faceclip.OpenFS(ctx, mini.Random(mini.SDXL), nil)
package mini

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/randomweights"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A System is one of the two published ones.
type System string

// The systems.
const (
	SDXL System = "sdxl" // FaceCLIP-SDXL
	FLUX System = "flux" // FaceT5-FLUX
)

// texts are the folders of the models without their weights.
//
//go:embed sdxl flux
var texts embed.FS

// A component is a folder with weights. As in the published models, element types vary.
type component struct {
	folder, file string // of the weights
	dtype        tensor.DType
	build        func(config []byte) (func(nn.Params), error)
}

var components = map[System][]component{
	SDXL: {
		{"face_clip_encoder", "model", tensor.F32, builder(encoder.New)},
		{"unet", "diffusion_pytorch_model", tensor.BF16, builder(sdxl.New)},
		{"vae", "diffusion_pytorch_model", tensor.F16, builder(vae.NewDecoder)},
	},
	FLUX: {
		{"face_t5_encoder", "model", tensor.BF16, builder(facet5.New)},
		{"transformer", "diffusion_pytorch_model", tensor.BF16, builder(flux.New)},
		{"vae", "diffusion_pytorch_model", tensor.F32, builder(vae.NewDecoder)},
	},
}

// builder returns what makes a network of its configuration.
func builder[C, N any](make func(nn.Params, C) N) func([]byte) (func(nn.Params), error) {
	return func(config []byte) (func(nn.Params), error) {
		var c C
		err := json.Unmarshal(config, &c)
		return func(p nn.Params) { make(p, c) }, err
	}
}

// Random returns the model folder of a whole miniature pipeline, in the layout of diffusers. Its weights, a few megabytes, are
// computed by the call, and have the same bits wherever that is. It panics if there is no such system.
func Random(system System) fs.FS {
	files, err := folder(system)
	if err != nil {
		panic(fmt.Errorf("mini: %w", err)) // the files are a part of the program
	}
	return files
}

func folder(system System) (fstest.MapFS, error) {
	dir, err := fs.Sub(texts, string(system))
	if err != nil {
		return nil, err
	}
	files := fstest.MapFS{}
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(dir, name)
		files[name] = &fstest.MapFile{Data: text, Mode: 0o644}
		return err
	})
	for _, c := range components[system] {
		if err == nil {
			err = c.addWeights(files)
		}
	}
	return files, err
}

// addWeights adds the weights that a component's configuration asks for, in the shards of its index if it has one.
func (c component) addWeights(files fstest.MapFS) error {
	build, err := c.build(files[path.Join(c.folder, "config.json")].Data)
	if err != nil {
		return err
	}
	var index struct {
		Files map[string]string `json:"weight_map"` // by tensor
	}
	if file, ok := files[path.Join(c.folder, c.file+".safetensors.index.json")]; ok {
		if err := json.Unmarshal(file.Data, &index); err != nil {
			return err
		}
	}
	shards := map[string][]safetensors.Entry{}
	for _, e := range randomweights.Entries(nn.Shapes(build), c.dtype) {
		file, ok := index.Files[e.Name]
		if !ok {
			file = c.file + ".safetensors"
		}
		shards[file] = append(shards[file], e)
	}
	for file, entries := range shards {
		var b bytes.Buffer
		if err := safetensors.Write(&b, map[string]string{"format": "pt"}, entries); err != nil {
			return err
		}
		files[path.Join(c.folder, file)] = &fstest.MapFile{Data: b.Bytes(), Mode: 0o644}
	}
	return nil
}
