package safetensors

import (
	"fmt"
	"maps"
	"slices"

	"github.com/faceclip-go/faceclip-go/internal/mmap"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Checkpoint is the named tensors of one file or of several shards.
type Checkpoint struct {
	Store
	metadata map[string]string
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
	return c, nil
}

func empty() *Checkpoint {
	return &Checkpoint{Store: Store{Tensors: map[string]tensor.Tensor{}, Others: map[string]string{}}, metadata: map[string]string{}}
}

// add opens one more shard and returns the names of its tensors.
func (c *Checkpoint) add(d Dir, name string) (names []string, err error) {
	file, err := d.Map(name)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	c.Mappings = append(c.Mappings, file)
	err = file.Guard(func() error {
		if names, err = c.read(file, d.Ended); err != nil {
			return fmt.Errorf("safetensors: %s: %w", file.Name(), err)
		}
		return nil
	})
	return names, err
}

// read adds the tensors and the metadata of a shard, and returns the names.
func (c *Checkpoint) read(file *mmap.Mapping, ended func() error) ([]string, error) {
	found, err := parse(file.Memory(), ended)
	if err != nil {
		return nil, err
	}
	names := slices.AppendSeq(slices.Collect(maps.Keys(found.tensors)), maps.Keys(found.foreign))
	for _, name := range names {
		if c.has(name) {
			return nil, fmt.Errorf("tensor %.100q is in another shard too", name)
		}
	}
	maps.Copy(c.Tensors, found.tensors)
	maps.Copy(c.Others, found.foreign)
	maps.Copy(c.metadata, found.metadata)
	return names, nil
}

// Metadata returns the free texts stored with the tensors; of shards that give a key different texts, that of the last one.
func (c *Checkpoint) Metadata() map[string]string { return maps.Clone(c.metadata) }
