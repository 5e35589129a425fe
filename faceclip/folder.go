package faceclip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/internal/tokenizer"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/clip"
	"github.com/faceclip-go/faceclip-go/tensor"
)

const (
	maxConfigBytes     = 1 << 20
	maxVocabularyBytes = 64 << 20
)

// A folder is a model's folder, in the layout of diffusers: a component a folder, with its config.json. With pickles it is
// the base model's, and some components are pickles instead.
type folder struct {
	dir     safetensors.Dir
	pickled *pickled
	backend backend.Backend
	private int64                 // bytes of device memory that may still be taken
	int8    bool                  // quantise weights that are not int8 yet
	shapes  bool                  // networks get names and shapes only
	opened  map[string]checkpoint // by component
	parts   []*component          // made so far
	derived map[string]any        // configurations that only a converted folder has, by file
}

// A component is the checkpoint of one folder.
type component struct {
	Component
	checkpoint checkpoint
	mapped     int64 // bytes of its mapped files
	private    int64 // bytes of memory that only this process holds
	blocks     []nn.Block
	sizes      []int64         // bytes of mapped weights, by block
	int8       map[string]bool // names of the weights that may be int8
}

// close releases all components.
func (f *folder) close() error {
	var errs []error
	for _, c := range f.opened {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// A part is the folder of a stage's weights, and what makes the network of them.
type part struct {
	folder string
	build  func(nn.Params)
}

// components opens the parts of a model, those of each stage in order.
func (f *folder) components(ctx context.Context, parts [Done]part) (all [Done]*component, err error) {
	for stage, p := range parts {
		if all[stage], err = f.component(ctx, p.folder, p.build); err != nil {
			return all, err
		}
	}
	return all, nil
}

// component opens the checkpoint in a folder and makes the network that build names layers of.
func (f *folder) component(ctx context.Context, name string, build func(nn.Params)) (*component, error) {
	checkpoint, err := f.checkpoint(name)
	if err != nil {
		return nil, err
	}
	c := &component{Component: describeComponent(name, checkpoint), checkpoint: checkpoint}
	f.parts = append(f.parts, c)
	err = checkpoint.Guard(func() error {
		p := nn.NewParams(ctx, f.source(checkpoint), f.backend)
		p.Limit(f.private)
		if f.int8 {
			p.MakeInt8()
		}
		build(p)
		c.account(p)
		return p.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", checkpoint.Path(), err)
	}
	checkpoint.EvictAll() // what has been copied is not read again
	if f.private -= c.private; f.private < 0 {
		return nil, fmt.Errorf("%s: %w", checkpoint.Path(), &backend.MemoryError{Need: c.private, Have: f.private + c.private})
	}
	return c, ctx.Err()
}

// account notes what the component holds.
func (c *component) account(p nn.Params) {
	c.private, c.blocks, c.int8 = p.Private(), p.Blocks(), map[string]bool{}
	for _, name := range p.Int8() {
		c.int8[name] = true
	}
	c.sizes = make([]int64, len(c.blocks))
	if !c.checkpoint.Mapped() {
		c.private += c.checkpoint.Size()
		return
	}
	c.mapped = c.checkpoint.Size()
	for i, b := range c.blocks {
		for _, t := range b.Tensors {
			if t.Mem.File != "" { // else it is a copy, and private
				c.sizes[i] += int64(t.Extent())
			}
		}
	}
}

// source returns what networks are made of.
func (f *folder) source(c checkpoint) nn.Source {
	if f.shapes {
		return withoutNumbers{c}
	}
	return c
}

// withoutNumbers is a checkpoint of names and shapes.
type withoutNumbers struct{ checkpoint }

func (s withoutNumbers) Get(name string) (tensor.Tensor, bool) {
	t, ok := s.checkpoint.Get(name)
	if ok {
		t = tensor.Make(nil, 0, t.DType(), t.Shape()...)
	}
	return t, ok
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

// configOr reads a JSON file as readConfig does; where there is none, it is the one published.
func configOr[T interface{ Validate() error }](f *folder, name string, published T) (T, error) {
	c, err := readConfig[T](f, name)
	if errors.Is(err, fs.ErrNotExist) {
		return published, nil
	}
	return c, err
}

// matchCLIP checks that a text tower of the file name fits a vocabulary of the given size.
func (f *folder) matchCLIP(name string, c clip.Config, vocabulary int) error {
	switch {
	case c.VocabSize != vocabulary:
		return fmt.Errorf("%s: vocab_size %d, but tokenizer/vocab.json has %d tokens", f.display(name), c.VocabSize, vocabulary)
	case c.Positions != tokenizer.Length:
		return fmt.Errorf("%s: max_position_embeddings %d, want %d", f.display(name), c.Positions, tokenizer.Length)
	}
	return nil
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

// t5Tokenizer reads spiece.model of a folder, or tokenizer.json where that is all there is.
func (f *folder) t5Tokenizer(name string) (*tokenizer.T5, error) {
	file, parse := path.Join(name, "spiece.model"), tokenizer.NewT5SentencePiece
	data, err := f.read(file, maxVocabularyBytes)
	if missing := err; errors.Is(err, fs.ErrNotExist) {
		file, parse = path.Join(name, "tokenizer.json"), tokenizer.NewT5JSON
		if data, err = f.read(file, maxVocabularyBytes); errors.Is(err, fs.ErrNotExist) {
			err = missing
		}
	}
	if err != nil {
		return nil, err
	}
	t, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.display(file), err)
	}
	return t, nil
}

// read returns the content of a small file.
func (f *folder) read(name string, limit int64) ([]byte, error) {
	file, err := f.dir.Open(name)
	if err != nil {
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
func (f *folder) display(name string) string { return f.dir.Display(name) }
