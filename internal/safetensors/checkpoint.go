package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/faceclip-go/faceclip-go/internal/mmap"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Dir is where files come from.
type Dir struct {
	FS   fs.FS
	Path string // what messages put in front of a file's name; may be empty
}

// DirOf returns the folder path of the operating system, whose files are mapped.
func DirOf(path string) Dir { return Dir{FS: os.DirFS(path), Path: path} }

// Display returns how messages call the file or folder name.
func (d Dir) Display(name string) string {
	return filepath.Join(d.Path, filepath.FromSlash(name))
}

// Open opens a regular file. An error has no name, since messages show the name with its folder.
func (d Dir) Open(name string) (fs.File, error) {
	info, err := fs.Stat(d.FS, name)
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for somebody to write into it
		return nil, errors.New("not a regular file")
	}
	f, err := d.FS.Open(name)
	return f, cause(err)
}

// Map returns the content of a file, mapped if it can be. An error names the file.
func (d Dir) Map(name string) (*mmap.Mapping, *tensor.Memory, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", d.Display(name), err)
	}
	defer f.Close()
	file, err := mmap.Open(f, d.Display(name))
	if err != nil {
		return nil, nil, err
	}
	mem := tensor.HostMemory(file.Bytes())
	if file.Mapped() {
		mem.File = file.Name()
	}
	return file, mem, nil
}

// A Checkpoint is the named tensors of one file or of several shards. It is safe for concurrent use until Close.
type Checkpoint struct {
	shards   []shard
	tensors  map[string]tensor.Tensor
	names    []string
	metadata map[string]string
}

type shard struct {
	file *mmap.Mapping
	mem  *tensor.Memory
}

// Open opens one file or the shards of a checkpoint.
func Open(d Dir, names ...string) (*Checkpoint, error) {
	c := empty()
	for _, name := range names {
		if _, err := c.add(d, name); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c.sorted(), nil
}

func empty() *Checkpoint {
	return &Checkpoint{tensors: map[string]tensor.Tensor{}, metadata: map[string]string{}}
}

// add opens one more shard and returns its tensors.
func (c *Checkpoint) add(d Dir, name string) (map[string]tensor.Tensor, error) {
	file, mem, err := d.Map(name)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	c.shards = append(c.shards, shard{file, mem})
	var tensors map[string]tensor.Tensor
	err = file.Guard(func() error {
		var err error
		if tensors, err = c.read(mem); err != nil {
			return fmt.Errorf("safetensors: %s: %w", file.Name(), err)
		}
		return nil
	})
	return tensors, err
}

// read adds the tensors and the metadata of a shard, and returns the tensors.
func (c *Checkpoint) read(mem *tensor.Memory) (map[string]tensor.Tensor, error) {
	tensors, metadata, err := parse(mem)
	if err != nil {
		return nil, err
	}
	for name, t := range tensors {
		if _, ok := c.tensors[name]; ok {
			return nil, fmt.Errorf("tensor %.100q is in another shard too", name)
		}
		c.tensors[name] = t
	}
	maps.Copy(c.metadata, metadata)
	return tensors, nil
}

// cause drops the name from an error of the file system, since messages show the name with its folder.
func cause(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

func (c *Checkpoint) sorted() *Checkpoint {
	c.names = slices.Sorted(maps.Keys(c.tensors))
	return c
}

// Get returns a tensor as it is stored. Its memory is the file's, with Memory.File set if the file is mapped; it is valid
// until Close. Its elements may not be aligned to their size.
func (c *Checkpoint) Get(name string) (tensor.Tensor, bool) {
	t, ok := c.tensors[name]
	return t, ok
}

// Names returns the names of all tensors, sorted.
func (c *Checkpoint) Names() []string { return slices.Clone(c.names) }

// Metadata returns the free texts stored with the tensors; of shards that give a key different texts, that of the last one.
func (c *Checkpoint) Metadata() map[string]string { return maps.Clone(c.metadata) }

// Path returns what messages call the checkpoint: its file, or the folder of its shards.
func (c *Checkpoint) Path() string {
	if len(c.shards) == 1 {
		return c.shards[0].file.Name()
	}
	return filepath.Dir(c.shards[0].file.Name())
}

// Files returns the names of all files.
func (c *Checkpoint) Files() []string {
	var names []string
	for _, s := range c.shards {
		names = append(names, s.file.Name())
	}
	return names
}

// Size returns the bytes of all files.
func (c *Checkpoint) Size() int64 {
	n := int64(0)
	for _, s := range c.shards {
		n += int64(s.mem.Size)
	}
	return n
}

// Mapped reports whether the tensors are pages of files rather than copies in memory.
func (c *Checkpoint) Mapped() bool {
	return slices.ContainsFunc(c.shards, func(s shard) bool { return s.file.Mapped() })
}

// Evict tells the system that t, of this checkpoint, will not be read soon.
func (c *Checkpoint) Evict(t tensor.Tensor) {
	for _, s := range c.shards {
		if s.mem == t.Mem {
			s.file.Evict(t.Offset(), t.Offset()+t.Extent())
		}
	}
}

// Prefetch tells the system that bytes lo ≤ i < hi of t, of this checkpoint, will be read soon.
func (c *Checkpoint) Prefetch(t tensor.Tensor, lo, hi int) {
	for _, s := range c.shards {
		if s.mem == t.Mem {
			s.file.Prefetch(t.Offset()+lo, t.Offset()+hi)
		}
	}
}

// EvictAll is Evict for all tensors.
func (c *Checkpoint) EvictAll() {
	for _, s := range c.shards {
		s.file.Evict(0, s.mem.Size)
	}
}

// Guard runs f, which reads tensors on this goroutine. If one of the files was cut meanwhile, it returns a
// *backend.FileError instead of letting the program die.
func (c *Checkpoint) Guard(f func() error) error {
	files := make([]*mmap.Mapping, len(c.shards))
	for i, s := range c.shards {
		files[i] = s.file
	}
	return mmap.Guard(f, files...)
}

// Close releases the files. Tensors cannot be read afterwards.
func (c *Checkpoint) Close() error {
	var errs []error
	for _, s := range c.shards {
		s.mem.Drop()
		errs = append(errs, s.file.Close())
	}
	return errors.Join(errs...)
}
