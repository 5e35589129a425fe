package pytorch

import (
	"context"
	"fmt"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Checkpoint is the named tensors of one file. They may be strided as they were when they were saved. Where no
// [tensor.Tensor] can be so, it has no memory, and Copy reads it.
type Checkpoint struct {
	safetensors.Store
	mem    *tensor.Memory // of the file
	copied map[string]scattered
}

// Open opens the file name in d. It reads the directory and the pickle.
func Open(d safetensors.Dir, name string) (*Checkpoint, error) {
	file, err := d.Map(name)
	if err != nil {
		return nil, fmt.Errorf("pytorch: %w", err)
	}
	c := &Checkpoint{mem: file.Memory(), copied: map[string]scattered{}}
	c.Tensors, c.Others, c.Mappings = map[string]tensor.Tensor{}, map[string]string{}, append(c.Mappings, file)
	if err := c.Guard(func() error { return c.read(d.Ended) }); err != nil {
		c.Close()
		return nil, fmt.Errorf("pytorch: %s: %w", file.Name(), err)
	}
	c.EvictAll() // a piece around the header of each tensor, some 100 MB of a large file
	return c, nil
}

// read fills in the tensors.
func (c *Checkpoint) read(ended func() error) error {
	pickle, files, err := openArchive(c.mem.Host)
	if err != nil {
		return err
	}
	top, err := unpickle(pickle, ended)
	if err != nil {
		return fmt.Errorf("data.pkl: %w", err)
	}
	b := builder{Checkpoint: c, files: files}
	return b.stateDict(top)
}

// DeleteFromNames deletes every part from the names, which must still differ then.
func (c *Checkpoint) DeleteFromNames(part string) error {
	tensors, others := map[string]tensor.Tensor{}, map[string]string{}
	copied, stored := map[string]scattered{}, map[string]string{}
	for _, name := range c.Names() {
		short := strings.ReplaceAll(name, part, "")
		if other, ok := stored[short]; ok {
			return fmt.Errorf("%s: %.100q and %.100q are the same without %q", c.Path(), other, name, part)
		}
		stored[short] = name
		if t, ok := c.Tensors[name]; ok {
			tensors[short] = t
		} else {
			others[short] = c.Others[name]
		}
		if s, ok := c.copied[name]; ok {
			copied[short] = s
		}
	}
	c.Tensors, c.Others, c.copied = tensors, others, copied
	return nil
}

// Copy stores the elements of a tensor that Get returns without memory in dst, in order, and gives the pages of the file back.
func (c *Checkpoint) Copy(ctx context.Context, dst []byte, name string) error {
	s, ok := c.copied[name]
	if !ok {
		return fmt.Errorf("pytorch: %s: no copy of tensor %.100q is needed", c.Path(), name)
	}
	defer c.Mappings[0].Evict(s.storage.lo, s.storage.hi)
	return s.view.copy(ctx, dst, c.mem.Host[s.storage.lo:s.storage.hi])
}
