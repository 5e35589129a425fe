package pytorch

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/faceclip-go/faceclip-go/internal/mmap"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Checkpoint is the named tensors of one file. It is safe for concurrent use until Close.
type Checkpoint struct {
	file    *mmap.Mapping
	mem     *tensor.Memory // of the file
	tensors map[string]tensor.Tensor
	copied  map[string]scattered
	names   []string
}

// Open opens the file name in d. It reads the directory and the pickle.
func Open(d safetensors.Dir, name string) (*Checkpoint, error) {
	file, mem, err := d.Map(name)
	if err != nil {
		return nil, fmt.Errorf("pytorch: %w", err)
	}
	c := &Checkpoint{file: file, mem: mem}
	if err := file.Guard(c.read); err != nil {
		file.Close()
		return nil, fmt.Errorf("pytorch: %s: %w", file.Name(), err)
	}
	c.EvictAll() // a piece around the header of each tensor, some 100 MB of a large file
	return c, nil
}

// read fills in the tensors.
func (c *Checkpoint) read() error {
	pickle, storages, err := openArchive(c.mem.Host)
	if err != nil {
		return err
	}
	top, err := unpickle(pickle)
	if err != nil {
		return fmt.Errorf("data.pkl: %w", err)
	}
	b := builder{mem: c.mem, storages: storages, tensors: map[string]tensor.Tensor{}, copied: map[string]scattered{}}
	if err := b.stateDict(top); err != nil {
		return err
	}
	c.tensors, c.copied, c.names = b.tensors, b.copied, slices.Sorted(maps.Keys(b.tensors))
	return nil
}

// Get returns a tensor. Its memory is the file's, with Memory.File set if the file is mapped. It may be strided as it was
// when it was saved; where no [tensor.Tensor] can be, it has no memory, and Copy reads it. It is valid until Close. Its
// elements may not be aligned to their size.
func (c *Checkpoint) Get(name string) (tensor.Tensor, bool) {
	t, ok := c.tensors[name]
	return t, ok
}

// Copy stores the elements of a tensor that Get returns without memory in dst, in order, and gives the pages of the file back.
func (c *Checkpoint) Copy(ctx context.Context, dst []byte, name string) error {
	s, ok := c.copied[name]
	if !ok {
		return fmt.Errorf("pytorch: %s: no copy of tensor %.100q is needed", c.file.Name(), name)
	}
	defer c.file.Evict(s.storage.lo, s.storage.hi)
	return s.view.copy(ctx, dst, c.mem.Host[s.storage.lo:s.storage.hi])
}

// Names returns the names of all tensors, sorted.
func (c *Checkpoint) Names() []string { return slices.Clone(c.names) }

// Path returns what messages call the checkpoint, its file.
func (c *Checkpoint) Path() string { return c.file.Name() }

// Files returns the name of the file.
func (c *Checkpoint) Files() []string { return []string{c.file.Name()} }

// Size returns the bytes of the file.
func (c *Checkpoint) Size() int64 { return int64(c.mem.Size) }

// Mapped reports whether the tensors are pages of the file rather than copies in memory.
func (c *Checkpoint) Mapped() bool { return c.file.Mapped() }

// Evict tells the system that t, of this checkpoint, will not be read soon.
func (c *Checkpoint) Evict(t tensor.Tensor) {
	if t.Mem == c.mem {
		c.file.Evict(t.Offset(), t.Offset()+t.Extent())
	}
}

// Prefetch tells the system that bytes lo ≤ i < hi of t, of this checkpoint, will be read soon.
func (c *Checkpoint) Prefetch(t tensor.Tensor, lo, hi int) {
	if t.Mem == c.mem {
		c.file.Prefetch(t.Offset()+lo, t.Offset()+hi)
	}
}

// EvictAll is Evict for all tensors.
func (c *Checkpoint) EvictAll() { c.file.Evict(0, c.mem.Size) }

// Guard runs f, which reads tensors on this goroutine. If the file was cut meanwhile, it returns a *backend.FileError
// instead of letting the program die.
func (c *Checkpoint) Guard(f func() error) error { return c.file.Guard(f) }

// Close releases the file. Tensors cannot be read afterwards.
func (c *Checkpoint) Close() error {
	c.mem.Drop()
	return c.file.Close()
}
