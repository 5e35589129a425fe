package faceclip

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"
)

// configFiles are the configurations of the miniatures.
var configFiles = []struct {
	model string
	name  string
}{
	{"sdxl", "model_index.json"},
	{"sdxl", "face_clip_encoder/config.json"},
	{"sdxl", "unet/config.json"},
	{"sdxl", "vae/config.json"},
	{"sdxl", "scheduler/scheduler_config.json"},
	{"flux", "face_t5_encoder/config.json"},
	{"flux", "transformer/config.json"},
	{"flux", "scheduler/scheduler_config.json"},
}

// FuzzConfig opens a miniature with another configuration. That fails, or gives a pipeline that can plan.
func FuzzConfig(f *testing.F) {
	for i, c := range configFiles {
		text, err := fs.ReadFile(minis[c.model], c.name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		c := configFiles[int(which)%len(configFiles)]
		model := overlay{minis[c.model], fstest.MapFS{c.name: {Data: text}}}
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
