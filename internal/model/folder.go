package model

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/pyjson"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/internal/tokenizer"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// IndexFile names the pipeline that a folder is of.
const IndexFile = "model_index.json"

const (
	maxConfigBytes     = 1 << 20
	maxVocabularyBytes = 64 << 20
)

// Options say how a folder is opened.
type Options struct {
	Base    string          // the base model's folder, where the model's has the reference's .pt files
	Backend backend.Backend // where what cannot be used as stored is put; nil where nothing is
	Private int64           // bytes of device memory that may be taken; 0: any number
	Int8    bool            // weights that may be int8 are made so
	Compute tensor.DType    // I8: weights that may be computed with as integers are made int8
	Shapes  bool            // networks get names and shapes only
}

// A Folder is a model's folder, in the layout of diffusers: a component a folder, with its config.json. With the reference's .pt
// files it is the base model's, and some components are those files instead.
type Folder struct {
	Parts   []*Component   // made so far
	Derived map[string]any // configurations that only a converted folder has, by file

	options Options
	dir     safetensors.Dir
	pickled *pickled
	opened  map[string]Checkpoint // by component
}

// Open returns the folder dir or, if dir has the reference's .pt files, the base model's folder with those.
func Open(ctx context.Context, dir safetensors.Dir, o Options) (*Folder, error) {
	if err := checkOrder(binary.NativeEndian); err != nil {
		return nil, err
	}
	o.Private = cmp.Or(o.Private, unlimited)
	dir.Admit = reading(ctx, o.Private)
	f := &Folder{dir: dir, options: o, opened: map[string]Checkpoint{}, pickled: findPickles(dir)}
	_, err := fs.Stat(dir.FS, IndexFile)
	switch ours := err == nil; {
	case o.Base == "" && !ours && f.pickled != nil:
		return nil, fmt.Errorf("%s: .pt files need a base model's folder beside them, and none is given (Options.Base)", f.Display(f.pickled.folder))
	case o.Base == "":
		f.pickled = nil
	case f.pickled == nil:
		if _, err := fs.ReadDir(dir.FS, "."); err != nil {
			return nil, fmt.Errorf("%s: no folder that can be read", display(dir))
		}
		return nil, fmt.Errorf("%s: no .pt files (%s), which a base model's folder (%s) is for", display(dir),
			strings.Join(slices.Sorted(maps.Values(pickles)), ", "), o.Base)
	default:
		f.dir = safetensors.DirOf(o.Base)
		f.dir.Admit = dir.Admit // one limit for both
	}
	return f, nil
}

// reading returns what admits bytes of files that cannot be mapped, until there are more than limit or the context ends.
func reading(ctx context.Context, limit int64) func(bytes int64) error {
	var taken int64
	return func(bytes int64) error {
		if taken = backend.Sum(taken, bytes); taken > limit {
			return &backend.MemoryError{Need: taken, Have: limit}
		}
		return ctx.Err()
	}
}

// display returns what messages call a folder.
func display(dir safetensors.Dir) string { return cmp.Or(dir.Path, "the file system") }

// Display returns how messages call a file.
func (f *Folder) Display(name string) string { return f.dir.Display(name) }

// Pickled returns how messages call the folder of .pt files; nothing if there is none.
func (f *Folder) Pickled() string {
	if f.pickled == nil {
		return ""
	}
	return display(f.pickled.Dir)
}

// Close releases all components.
func (f *Folder) Close() error {
	var errs []error
	for _, c := range f.opened {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// A Config is what a JSON file holds.
type Config interface{ Validate() error }

// ReadConfig reads a JSON file and checks it.
func ReadConfig[T Config](f *Folder, name string) (c T, err error) {
	data, err := f.read(name, maxConfigBytes)
	if err != nil {
		return c, err
	}
	if err = json.Unmarshal(pyjson.JSON(data), &c); err == nil {
		err = c.Validate()
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w", f.Display(name), err)
	}
	return c, nil
}

// ConfigOr reads a JSON file as ReadConfig does; where there is none, it is the one published.
func ConfigOr[T Config](f *Folder, name string, published T) (T, error) {
	c, err := ReadConfig[T](f, name)
	if errors.Is(err, fs.ErrNotExist) {
		return published, nil
	}
	return c, err
}

// CLIPTokenizer reads vocab.json and merges.txt of a folder, or tokenizer.json where one of them is missing.
func (f *Folder) CLIPTokenizer(name string) (*tokenizer.CLIP, error) {
	t, err := f.clipTokenizer(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	file := path.Join(name, "tokenizer.json")
	data, missing := f.read(file, maxVocabularyBytes)
	if errors.Is(missing, fs.ErrNotExist) {
		return nil, err
	}
	if missing != nil {
		return nil, missing
	}
	if t, err = tokenizer.NewCLIPJSON(data); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Display(file), err)
	}
	return t, nil
}

func (f *Folder) clipTokenizer(name string) (*tokenizer.CLIP, error) {
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
		return nil, fmt.Errorf("%s: %w", f.Display(name), err)
	}
	return t, nil
}

// T5Tokenizer reads spiece.model of a folder, or tokenizer.json where that is all there is.
func (f *Folder) T5Tokenizer(name string) (*tokenizer.T5, error) {
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
		return nil, fmt.Errorf("%s: %w", f.Display(file), err)
	}
	return t, nil
}

// read returns the content of a small file.
func (f *Folder) read(name string, limit int64) ([]byte, error) {
	data, err := f.dir.Read(name, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Display(name), err)
	}
	return data, nil
}
