package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// maxIndex bounds an index file, in bytes. The largest known one has 0.2 MB.
const maxIndex = 32 << 20

// OpenIndex opens the shards that a file such as model.safetensors.index.json lists. They lie in the same folder.
func OpenIndex(d Dir, index string) (*Checkpoint, error) {
	shards, err := readIndex(d, index)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", d.Display(index), err)
	}
	c := empty()
	for _, shard := range slices.Sorted(maps.Keys(shards)) {
		found, err := c.add(d, path.Join(path.Dir(index), shard))
		if err == nil {
			err = matchShard(found, shards[shard])
			if err != nil {
				err = fmt.Errorf("safetensors: %s: %s: %w", d.Display(index), shard, err)
			}
		}
		if err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// readIndex returns the tensors of each shard.
func readIndex(d Dir, index string) (map[string][]string, error) {
	text, err := d.Read(index, maxIndex)
	if err != nil {
		return nil, err
	}
	if err := checkObject(text); err != nil {
		return nil, fmt.Errorf("index %w", err)
	}
	var content struct {
		Weights map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if len(content.Weights) == 0 {
		return nil, errors.New("index has no weight_map, expected the shard of each tensor")
	}
	shards := map[string][]string{}
	for name, shard := range content.Weights {
		// A shard elsewhere is no mistake that honest tools make.
		if strings.ContainsAny(shard, `/\:`) || strings.Contains(shard, "..") || !strings.HasSuffix(shard, ".safetensors") {
			return nil, fmt.Errorf("tensor %.100q: shard %.100q, expected the name of a .safetensors file in the same folder", name, shard)
		}
		shards[shard] = append(shards[shard], name)
	}
	return shards, nil
}

// matchShard checks that a shard holds the tensors that the index lists for it, and no other.
func matchShard(found map[string]tensor.Tensor, listed []string) error {
	slices.Sort(listed)
	for _, name := range listed {
		if _, ok := found[name]; !ok {
			return fmt.Errorf("tensor %.100q is missing from the shard", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if _, ok := slices.BinarySearch(listed, name); !ok {
			return fmt.Errorf("tensor %.100q of the shard is not in the index", name)
		}
	}
	return nil
}
