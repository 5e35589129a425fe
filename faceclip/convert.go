package faceclip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/internal/atomicfile"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// ConvertOptions say what becomes of a model.
type ConvertOptions struct {
	// Weights is the element type of the weights of the linear layers of denoiser and text encoders: tensor.I8. Zero leaves
	// all as it is.
	Weights tensor.DType
	// Progress, if set, is called with the bytes of weights that are done, and with all there are.
	Progress func(done, total int64)
}

// Convert copies the model in the folder from to a new folder to, of the same layout, with weights of another type: then no
// memory is needed to convert them when the model is opened. A weight K of int8 has its scales, one for each row, beside it
// as K_scale. The folder appears when it is complete. Where files can be mapped, less than 1 GB of memory is used.
func Convert(ctx context.Context, from, to string, o *ConvertOptions) error {
	if o == nil {
		o = &ConvertOptions{}
	}
	if err := convert(ctx, from, to, *o); err != nil {
		return fmt.Errorf("faceclip: convert: %w", err)
	}
	return nil
}

func convert(ctx context.Context, from, to string, o ConvertOptions) error {
	if o.Weights != 0 && o.Weights != tensor.I8 {
		return fmt.Errorf("ConvertOptions.Weights %v: only I8 or 0, for as stored, is possible", o.Weights)
	}
	to = filepath.Clean(to)
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s: exists already", to)
	}
	f, err := openShapes(ctx, from)
	if err != nil {
		return err
	}
	defer f.close()
	work, err := os.MkdirTemp(filepath.Dir(to), "."+filepath.Base(to)+"-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) // gone under this name if all goes well
	c := converter{ctx: ctx, options: o, to: work}
	if err := c.all(f); err != nil {
		return err
	}
	check, err := openShapes(ctx, work)
	if err != nil {
		return err
	}
	if err := errors.Join(check.close(), os.Chmod(work, 0o755)); err != nil {
		return err
	}
	return os.Rename(work, to)
}

// openShapes opens the folder of a model without its numbers: only names and shapes are read.
func openShapes(ctx context.Context, dir string) (*folder, error) {
	b, err := cpu.Open(1)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	f := &folder{dir: safetensors.DirOf(dir), backend: b, private: unlimited, shapes: true}
	if _, err := f.open(ctx); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// A converter writes the folder to.
type converter struct {
	ctx         context.Context
	options     ConvertOptions
	to          string
	done, total int64 // bytes
}

// all writes everything.
func (c *converter) all(f *folder) error {
	folders := []string{".", "tokenizer", "tokenizer_2", "scheduler"}
	for _, part := range f.parts {
		folders = append(folders, part.name)
		for _, name := range part.checkpoint.Names() {
			t, _ := part.checkpoint.Get(name)
			c.total += int64(t.Extent())
		}
	}
	for _, part := range f.parts {
		if err := c.component(part); err != nil {
			return fmt.Errorf("%s: %w", part.checkpoint.Path(), err)
		}
	}
	for _, name := range folders {
		if err := c.copyFiles(f.dir.FS, name); err != nil {
			return err
		}
	}
	return nil
}

// component writes the weights of a component as one file.
func (c *converter) component(part *component) error {
	var entries []safetensors.Entry
	int8s := map[string]bool{}
	if c.options.Weights == tensor.I8 {
		for _, name := range part.int8 {
			int8s[name] = true
		}
	}
	err := part.checkpoint.Guard(func() error {
		for _, name := range part.checkpoint.Names() {
			t, _ := part.checkpoint.Get(name)
			if !int8s[name] || t.DType() == tensor.I8 {
				entries = append(entries, c.copied(part, name, t))
				continue
			}
			scale, err := c.scales(part, t)
			if err != nil {
				return err
			}
			entries = append(entries, c.rounded(part, name, t), safetensors.EntryOf(name+nn.ScaleSuffix, scale))
		}
		return c.write(part, entries)
	})
	return err
}

// write writes a component's only file, under the name that its weights would have without shards.
func (c *converter) write(part *component, entries []safetensors.Entry) error {
	stem := "model"
	if strings.HasPrefix(filepath.Base(part.checkpoint.File()), "diffusion_pytorch_model") {
		stem = "diffusion_pytorch_model"
	}
	dir := filepath.Join(c.to, part.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return safetensors.WriteFile(filepath.Join(dir, stem+".safetensors"), map[string]string{"format": "pt"}, entries)
}

// copied is a tensor as it is.
func (c *converter) copied(part *component, name string, t tensor.Tensor) safetensors.Entry {
	return safetensors.Entry{Name: name, DType: t.DType(), Shape: t.Shape(), Data: func(w io.Writer) error {
		const piece = 16 << 20
		for data := tensor.Bytes(t); len(data) > 0; {
			n := min(len(data), piece)
			if err := c.ctx.Err(); err != nil {
				return err
			}
			if _, err := w.Write(data[:n]); err != nil {
				return err
			}
			data = data[n:]
		}
		c.passed(part, t)
		return nil
	}}
}

// rounded is a matrix as int8.
func (c *converter) rounded(part *component, name string, t tensor.Tensor) safetensors.Entry {
	return safetensors.Entry{Name: name, DType: tensor.I8, Shape: t.Shape(), Data: func(w io.Writer) error {
		defer c.passed(part, t)
		return c.quantize(t, func(codes, _ tensor.Tensor) error {
			_, err := w.Write(tensor.Bytes(codes))
			return err
		})
	}}
}

// scales returns the scales of a matrix as int8: they come first in the file.
func (c *converter) scales(part *component, t tensor.Tensor) (tensor.Tensor, error) {
	var all []float32
	err := c.quantize(t, func(_, scales tensor.Tensor) error {
		all = append(all, tensor.Float32s(scales)...)
		return nil
	})
	part.checkpoint.Evict(t)
	return tensor.FromFloat32s(all, len(all)), err
}

// quantize passes a matrix [out, in] or [out, in, 1, 1] on as int8, some rows at a time.
func (c *converter) quantize(t tensor.Tensor, emit func(codes, scales tensor.Tensor) error) error {
	t = t.Reshape(t.Dim(0), -1)
	out, in := t.Dim(0), t.Dim(1)
	rows := max(1, 4<<20/max(1, in))
	for lo := 0; lo < out; lo += rows {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		part := t.Slice(0, lo, min(lo+rows, out))
		n := part.Dim(0)
		codes := tensor.Make(tensor.HostMemory(make([]byte, n*in)), 0, tensor.I8, n, in)
		scales := tensor.FromFloat32s(make([]float32, n), n)
		nn.Quantize(codes, scales, part)
		if err := emit(codes, scales); err != nil {
			return err
		}
	}
	return nil
}

// passed reports progress, and gives the pages of t back.
func (c *converter) passed(part *component, t tensor.Tensor) {
	part.checkpoint.Evict(t)
	c.done += int64(t.Extent())
	if c.options.Progress != nil {
		c.options.Progress(c.done, c.total)
	}
}

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
		if !slices.Contains(smallFiles, path.Ext(name)) || strings.HasSuffix(name, ".safetensors.index.json") {
			continue
		}
		if err := cmp.Or(c.ctx.Err(), copyFile(fsys, name, filepath.Join(c.to, filepath.FromSlash(name)))); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(fsys fs.FS, name, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}
