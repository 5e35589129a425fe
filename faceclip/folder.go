package faceclip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/internal/tokenizer"
	"github.com/faceclip-go/faceclip-go/nn"
)

const (
	maxConfigBytes     = 1 << 20
	maxVocabularyBytes = 64 << 20
)

// A folder is a model's folder, in the layout of diffusers: a component a folder, with its config.json.
type folder struct {
	dir     safetensors.Dir
	backend backend.Backend
	parts   []*component // opened so far
}

// A component is the checkpoint of one folder.
type component struct {
	name       string
	checkpoint *safetensors.Checkpoint
	private    int64 // bytes of device memory beside the checkpoint
}

// mapped returns the bytes of the component's mapped files.
func (c *component) mapped() int64 {
	if !c.checkpoint.Mapped() {
		return 0
	}
	return c.checkpoint.Size()
}

// resident returns the private bytes of the component.
func (c *component) resident() int64 {
	return c.private + c.checkpoint.Size() - c.mapped()
}

// close releases all components.
func (f *folder) close() error {
	var errs []error
	for _, c := range f.parts {
		errs = append(errs, c.checkpoint.Close())
	}
	return errors.Join(errs...)
}

// component opens the checkpoint in a folder and makes the network that build names layers of.
func (f *folder) component(ctx context.Context, name string, build func(nn.Params)) (*component, error) {
	checkpoint, err := safetensors.OpenComponent(f.dir, name)
	if err != nil {
		return nil, err
	}
	c := &component{name: name, checkpoint: checkpoint}
	f.parts = append(f.parts, c)
	err = checkpoint.Guard(func() error {
		p := nn.NewParams(ctx, checkpoint, f.backend)
		build(p)
		c.private = p.Private()
		return p.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", checkpoint.Path(), err)
	}
	return c, ctx.Err()
}

// readConfig reads a JSON file and checks it.
func readConfig[T interface{ Validate() error }](f *folder, name string) (c T, err error) {
	data, err := f.read(name, maxConfigBytes)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("%s: not the JSON expected: %w", f.display(name), err)
	}
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("%s: %w", f.display(name), err)
	}
	return c, nil
}

// encoderConfig reads face_clip_encoder/config.json; without one the sizes are the published ones.
func (f *folder) encoderConfig(vocabulary int) (encoder.Config, error) {
	const name = "face_clip_encoder/config.json"
	c, err := readConfig[encoder.Config](f, name)
	if errors.Is(err, fs.ErrNotExist) {
		c, err = encoder.Published, nil
	}
	if err != nil {
		return c, err
	}
	for _, size := range []int{c.TextL.VocabSize, c.TextG.VocabSize} {
		if size != vocabulary {
			return c, fmt.Errorf("%s: vocab_size %d, but tokenizer/vocab.json has %d tokens", f.display(name), size, vocabulary)
		}
	}
	for _, n := range []int{c.TextL.Positions, c.TextG.Positions} {
		if n != tokenizer.Length {
			return c, fmt.Errorf("%s: max_position_embeddings %d, want %d", f.display(name), n, tokenizer.Length)
		}
	}
	return c, nil
}

// clipTokenizer reads vocab.json and merges.txt of a folder.
func (f *folder) clipTokenizer(name string) (*tokenizer.CLIP, error) {
	vocab, err := f.read(path.Join(name, "vocab.json"), maxVocabularyBytes)
	if err != nil {
		return nil, err
	}
	merges, err := f.read(path.Join(name, "merges.txt"), maxVocabularyBytes)
	if err != nil {
		return nil, err
	}
	t, err := tokenizer.NewCLIP(vocab, merges)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.display(name), err)
	}
	return t, nil
}

// read returns the content of a small file.
func (f *folder) read(name string, limit int64) ([]byte, error) {
	file, err := f.dir.FS.Open(name)
	if err != nil {
		if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, fmt.Errorf("%s: %w", f.display(name), err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", f.display(name), err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("%s: larger than %d bytes", f.display(name), limit)
	}
	return data, nil
}

// display returns how messages call a file.
func (f *folder) display(name string) string {
	return filepath.Join(f.dir.Path, filepath.FromSlash(name))
}
