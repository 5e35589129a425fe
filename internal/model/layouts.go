package model

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/pytorch"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
)

// A layout is how another program names the tensors of a network of ours: by these names it is known.
type layout struct {
	prefixes []string // of any tensor
	what     string
	instead  string // what to use
}

const (
	baseSDXL = "the folder of stabilityai/stable-diffusion-xl-base-1.0, in the layout of diffusers"
	baseFLUX = "the folder of black-forest-labs/FLUX.1-dev, in the layout of diffusers"
)

// layouts are those of published files that people have. More special ones come first.
var layouts = []layout{
	{[]string{"model.diffusion_model.input_blocks.", "conditioner.embedders."}, "a single file of Stable Diffusion XL in its original layout, such as sd_xl_base_1.0.safetensors", baseSDXL},
	{[]string{"model.diffusion_model.double_blocks.", "diffusion_model.double_blocks.", "model.diffusion_model.single_blocks."}, "a file of FLUX in the layout of ComfyUI", baseFLUX},
	{[]string{"diffusion_model.input_blocks.", "input_blocks."}, "a U-Net of Stable Diffusion XL in its original layout, which ComfyUI uses", baseSDXL},
	{[]string{"double_blocks.", "single_blocks."}, "the transformer of FLUX in the layout of Black Forest Labs, such as flux1-dev.safetensors", baseFLUX},
	{[]string{"model.diffusion_model.", "diffusion_model."}, "a file in the layout of ComfyUI", "the model's folder in the layout of diffusers"},
	{[]string{"first_stage_model.", "decoder.up.0.", "decoder.mid.block_1."}, "an autoencoder in its original layout, such as ae.safetensors or sdxl_vae.safetensors", "the folder vae of the base model, in the layout of diffusers"},
	{[]string{"cond_stage_model."}, "a single file of Stable Diffusion in its original layout", baseSDXL},
}

// foreignLayout returns an error about a file if the names of its tensors, sorted, are in a layout of others. No network of ours
// has such.
func foreignLayout(file string, names []string) error {
	for _, l := range layouts {
		for _, prefix := range l.prefixes {
			i, _ := slices.BinarySearch(names, prefix)
			if i < len(names) && strings.HasPrefix(names[i], prefix) {
				return fmt.Errorf("%s: %s (tensor %.100q), which cannot be read: use %s", file, l.what, names[i], l.instead)
			}
		}
	}
	return nil
}

// NoIndex returns what is wrong with a folder that has no model_index.json, or with a file in its place: err, unless there are
// weights in a layout of others.
func (f *Folder) NoIndex(err error) error {
	dir, files := f.dir, []string(nil)
	if info, e := os.Stat(dir.Path); e == nil && info.Mode().IsRegular() {
		files = []string{filepath.Base(dir.Path)}
		dir = safetensors.DirOf(filepath.Dir(dir.Path))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	} else if entries, e := fs.ReadDir(dir.FS, "."); e == nil {
		for _, entry := range entries {
			files = append(files, entry.Name())
		}
	}
	dir.Admit = f.dir.Admit
	for _, file := range files {
		if e := layoutOf(dir, file); e != nil {
			return e
		}
	}
	if dir.Path != f.dir.Path {
		return fmt.Errorf("%s: a file, expected the folder of a model", f.dir.Path)
	}
	return err
}

// layoutOf returns an error if a file has weights in a layout of others.
func layoutOf(dir safetensors.Dir, file string) error {
	var c Checkpoint
	var err error
	switch path.Ext(file) {
	case ".safetensors":
		c, err = safetensors.Open(dir, file)
	case ".pt", ".pth", ".ckpt", ".bin":
		c, err = pytorch.Open(dir, file)
	default:
		return nil
	}
	if err != nil {
		return nil // which is not what was asked for
	}
	defer c.Close()
	return foreignLayout(c.Path(), c.Names())
}
