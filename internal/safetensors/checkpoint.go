package safetensors

import (
	"fmt"
	"maps"

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
	return &Checkpoint{Store: Store{Tensors: map[string]tensor.Tensor{}}, metadata: map[string]string{}}
}

// add opens one more shard and returns its tensors.
func (c *Checkpoint) add(d Dir, name string) (tensors map[string]tensor.Tensor, err error) {
	file, err := d.Map(name)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	c.Mappings = append(c.Mappings, file)
	err = file.Guard(func() error {
		if tensors, err = c.read(file, d.Ended); err != nil {
			return fmt.Errorf("safetensors: %s: %w", file.Name(), err)
		}
		return nil
	})
	return tensors, err
}

// read adds the tensors and the metadata of a shard, and returns the tensors.
func (c *Checkpoint) read(file *mmap.Mapping, ended func() error) (map[string]tensor.Tensor, error) {
	tensors, metadata, err := parse(file.Memory(), ended)
	if err != nil {
		return nil, err
	}
	for name, t := range tensors {
		if _, ok := c.Tensors[name]; ok {
			return nil, fmt.Errorf("tensor %.100q is in another shard too", name)
		}
		c.Tensors[name] = t
	}
	maps.Copy(c.metadata, metadata)
	return tensors, nil
}

// Metadata returns the free texts stored with the tensors; of shards that give a key different texts, that of the last one.
func (c *Checkpoint) Metadata() map[string]string { return maps.Clone(c.metadata) }
