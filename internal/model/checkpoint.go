package model

import (
	"cmp"
	"io/fs"
	"path"

	"github.com/faceclip-go/faceclip-go/internal/pytorch"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/nn"
)

// A Checkpoint is the tensors of a component, in files of one kind or the other.
type Checkpoint interface {
	nn.Source
	nn.Namer
	Pages
	EvictAll()
	Guard(func() error) error
	// Path returns what messages call the checkpoint, Files the names of its files.
	Path() string
	Files() []string
	// Size returns the bytes of all files.
	Size() int64
	Mapped() bool
	Close() error
}

// pickles are the files of the reference, by the folder that has the same weights in diffusers' layout.
var pickles = map[string]string{
	"face_clip_encoder": "face_clip_encoder.pt",
	"unet":              "unet.pt",
	"face_t5_encoder":   "face_t5_encoder.pt",
	"transformer":       "dit.pt",
}

// checkpoint opens the weights of a component, or returns them if they are open.
func (f *Folder) checkpoint(name string) (Checkpoint, error) {
	if c := f.opened[name]; c != nil {
		return c, nil
	}
	stored, err := f.openCheckpoint(name)
	if err != nil {
		return nil, err
	}
	c, err := widen(stored)
	if err = cmp.Or(foreignLayout(stored.Path(), stored.Names()), err); err != nil {
		stored.Close()
		return nil, err
	}
	f.opened[name] = c
	return c, nil
}

func (f *Folder) openCheckpoint(name string) (Checkpoint, error) {
	file, ok := pickles[name]
	if !ok || f.pickled == nil {
		return safetensors.OpenComponent(f.dir, name)
	}
	c, err := pytorch.Open(f.pickled.Dir, path.Join(f.pickled.folder, file))
	if err != nil {
		return nil, err
	}
	if name != "face_clip_encoder" {
		return c, nil
	}
	if err := c.DeleteFromNames("model."); err != nil { // as the reference does with its encoder of CLIP
		c.Close()
		return nil, err
	}
	return c, nil
}

// pickled is where the reference's files are.
type pickled struct {
	safetensors.Dir
	folder string
}

// findPickles returns where a folder has .pt files: in its folder model, as the reference's README has it, or directly.
// It returns nil if there are none. Files of another name do not count.
func findPickles(dir safetensors.Dir) *pickled {
	for _, folder := range []string{"model", "."} {
		for _, file := range pickles {
			if _, err := fs.Stat(dir.FS, path.Join(folder, file)); err == nil {
				return &pickled{dir, folder}
			}
		}
	}
	return nil
}
