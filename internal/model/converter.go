package model

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A converter writes a model.
type converter struct {
	*Conversion
	ctx         context.Context
	work        *work
	done, total int64 // bytes
}

// all writes everything.
func (c *converter) all(f *Folder) error {
	folders := []string{".", "tokenizer", "tokenizer_2", "scheduler"}
	for _, part := range f.Parts {
		folders = append(folders, part.Name)
		c.total += c.bytes(part)
	}
	for _, part := range f.Parts {
		if err := c.component(part); err != nil {
			return fmt.Errorf("%s: %w", part.Checkpoint.Path(), err)
		}
	}
	for _, name := range folders {
		if err := c.copyFiles(f.dir.FS, name); err != nil {
			return err
		}
	}
	return c.configure(f)
}

// component writes the weights of a component as one file, if that has not been done before.
func (c *converter) component(part *Component) error {
	file := part.Name + "/" + safetensors.Stem(part.Name) + ".safetensors"
	if c.work.keep(file) {
		c.advance(c.bytes(part))
		return nil
	}
	return part.Checkpoint.Guard(func() error {
		entries, err := c.entries(part)
		if err != nil {
			return err
		}
		return c.work.write(file, func(w io.Writer) error {
			return safetensors.Write(w, map[string]string{"format": "pt"}, entries)
		})
	})
}

// bytes returns what is read of a component.
func (c *converter) bytes(part *Component) int64 {
	n := int64(0)
	for _, name := range part.Checkpoint.Names() {
		t, ok := part.Checkpoint.Get(name)
		if !ok {
			continue
		}
		n += elementBytes(t)
		if c.toInt8(part, name, t) { // twice: scales come first
			n += elementBytes(t)
		}
	}
	return n
}

// entries returns the tensors of a component as they are to be. What cannot be read, and so is not needed, is left out.
func (c *converter) entries(part *Component) ([]safetensors.Entry, error) {
	var entries []safetensors.Entry
	for _, name := range part.Checkpoint.Names() {
		t, ok := part.Checkpoint.Get(name)
		if !ok {
			continue
		}
		e := safetensors.Entry{Name: name, DType: t.DType(), Shape: t.Shape()}
		switch half := c.Weights; {
		case c.toInt8(part, name, t):
			scale, err := c.scales(part, name)
			if err != nil {
				return nil, fmt.Errorf("tensor %q: %w", name, err)
			}
			entries = append(entries, safetensors.EntryOf(name+nn.ScaleSuffix, scale))
			e.DType, e.Data = tensor.I8, func(w io.Writer) error { return c.rounded(w, part, name) }
		case (half == tensor.BF16 || half == tensor.F16) && t.DType().Float() && t.Rank() > 1:
			e.DType, e.Data = half, func(w io.Writer) error { return c.halved(w, part, name) }
		default:
			e.Data = func(w io.Writer) error { return c.copied(w, part, name) }
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// toInt8 reports whether a tensor is rounded to int8.
func (c *converter) toInt8(part *Component, name string, t tensor.Tensor) bool {
	return c.Weights == tensor.I8 && t.DType() != tensor.I8 && part.int8[name]
}

// read calls f with a tensor, and gives back what it takes afterwards.
func (c *converter) read(part *Component, name string, f func(t tensor.Tensor) error) error {
	t, _ := part.Checkpoint.Get(name)
	if source, ok := part.Checkpoint.(nn.Copier); ok && t.Mem == nil {
		m := tensor.HostMemory(make([]byte, elementBytes(t)))
		if err := source.Copy(c.ctx, m.Host, name); err != nil {
			return err
		}
		t = tensor.Make(m, 0, t.DType(), t.Shape()...)
	}
	err := f(t)
	part.Checkpoint.Evict(t)
	c.advance(elementBytes(t))
	return err
}

// eachRow calls f for each run of adjacent elements of a tensor, with their type.
func (c *converter) eachRow(part *Component, name string, f func([]byte, tensor.DType) error) error {
	return c.read(part, name, func(t tensor.Tensor) error {
		size, n := t.DType().Size(), t.Len()
		rows := 1
		if t.Rank() > 0 && !t.Compact() {
			rows, n = t.Rows(), t.Dim(-1)
		}
		const piece = 16 << 20
		for r := range rows {
			at := t.Offset()
			if rows > 1 {
				at += size * t.Row(r)
			}
			for run := range slices.Chunk(t.Mem.Host[at:at+size*n], piece) {
				if err := c.ctx.Err(); err != nil {
					return err
				}
				if err := f(run, t.DType()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// copied writes a tensor as it is.
func (c *converter) copied(w io.Writer, part *Component, name string) error {
	return c.eachRow(part, name, func(b []byte, _ tensor.DType) error { _, err := w.Write(b); return err })
}

// halved writes a tensor as BF16 or F16.
func (c *converter) halved(w io.Writer, part *Component, name string) error {
	return c.eachRow(part, name, func(b []byte, dt tensor.DType) error {
		codes, ok := nn.Half(c.Weights, tensor.Make(tensor.HostMemory(b), 0, dt, len(b)/dt.Size()))
		if !ok {
			return fmt.Errorf("a weight is not finite, or too large for %v", c.Weights)
		}
		_, err := w.Write(codes)
		return err
	})
}

// rounded writes a matrix as int8.
func (c *converter) rounded(w io.Writer, part *Component, name string) error {
	return c.quantize(part, name, func(codes, _ tensor.Tensor) error {
		_, err := w.Write(tensor.Bytes(codes))
		return err
	})
}

// scales returns the scales of a matrix as int8: they come first in the file.
func (c *converter) scales(part *Component, name string) (tensor.Tensor, error) {
	var all []float32
	err := c.quantize(part, name, func(_, scales tensor.Tensor) error {
		all = append(all, tensor.Float32s(scales)...)
		return nil
	})
	return tensor.FromFloat32s(all, len(all)), err
}

// quantize passes a matrix [out, in] or [out, in, 1, 1] on as int8, some rows at a time.
func (c *converter) quantize(part *Component, name string, emit func(codes, scales tensor.Tensor) error) error {
	return c.read(part, name, func(t tensor.Tensor) error {
		if t.Rank() != 2 {
			t = nn.Compact(t).Reshape(t.Dim(0), -1)
		}
		out, in := t.Dim(0), t.Dim(1)
		rows := max(1, 4<<20/max(1, in))
		for lo := 0; lo < out; lo += rows {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			piece := t.Slice(0, lo, min(lo+rows, out))
			n := piece.Dim(0)
			codes := tensor.Make(tensor.HostMemory(make([]byte, n*in)), 0, tensor.I8, n, in)
			scales := tensor.FromFloat32s(make([]float32, n), n)
			nn.Quantize(codes, scales, piece)
			if !tensor.Finite(tensor.Float32s(scales)) {
				return errors.New("a weight is not finite")
			}
			if err := emit(codes, scales); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *converter) advance(bytes int64) {
	c.done += bytes
	if c.Progress != nil {
		c.Progress(c.done, c.total)
	}
}

func elementBytes(t tensor.Tensor) int64 { return int64(t.Len()) * int64(t.DType().Size()) }

// smallFiles are the kinds of files beside the weights that a model needs.
var smallFiles = []string{".json", ".txt", ".model", ".md"}

// copyFiles copies what is not weights in a folder, which need not be there: configurations and vocabularies.
func (c *converter) copyFiles(fsys fs.FS, dir string) error {
	entries, err := fs.ReadDir(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if !slices.Contains(smallFiles, path.Ext(name)) || safetensors.IsIndex(name) || strings.Contains(name, "\n") || name == stateFile {
			continue
		}
		if info, err := fs.Stat(fsys, name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		content, err := safetensors.Dir{FS: fsys}.Read(name, maxVocabularyBytes)
		if err := cmp.Or(err, c.ctx.Err()); err != nil {
			return fmt.Errorf("%s: %w", filepath.FromSlash(name), err)
		}
		if err := c.work.write(name, func(w io.Writer) error { _, err := w.Write(content); return err }); err != nil {
			return err
		}
	}
	return nil
}

// configure writes the files that the folder of a base model lacks.
func (c *converter) configure(f *Folder) error {
	if f.pickled == nil {
		return nil
	}
	for name, value := range f.Derived {
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.FromSlash(name), err)
		}
		if err := c.work.write(name, func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err }); err != nil {
			return err
		}
	}
	return nil
}
