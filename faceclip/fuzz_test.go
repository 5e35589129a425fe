package faceclip

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/internal/mini"
)

// configFiles are the configurations of the miniatures.
var configFiles = []struct {
	model func() fs.FS
	name  string
}{
	{mini.SDXL, "model_index.json"},
	{mini.SDXL, "face_clip_encoder/config.json"},
	{mini.SDXL, "unet/config.json"},
	{mini.SDXL, "vae/config.json"},
	{mini.SDXL, "scheduler/scheduler_config.json"},
	{mini.FLUX, "face_t5_encoder/config.json"},
	{mini.FLUX, "transformer/config.json"},
	{mini.FLUX, "scheduler/scheduler_config.json"},
}

// FuzzConfig opens a miniature with another configuration. That fails, or gives a pipeline that can plan.
func FuzzConfig(f *testing.F) {
	for i, c := range configFiles {
		text, err := fs.ReadFile(c.model(), c.name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		c := configFiles[int(which)%len(configFiles)]
		model := overlay{c.model(), fstest.MapFS{c.name: {Data: text}}}
		p, err := OpenFS(context.Background(), model, &Options{Memory: 1 << 30, Workers: 1})
		if err != nil {
			return
		}
		defer p.Close()
		p.Plan(small16())
	})
}

// An overlay is a file system with some files replaced.
type overlay struct {
	fs.FS
	files fstest.MapFS
}

func (o overlay) Open(name string) (fs.File, error) {
	if _, ok := o.files[name]; ok {
		return o.files.Open(name)
	}
	return o.FS.Open(name)
}
