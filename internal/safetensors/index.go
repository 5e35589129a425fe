package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/faceclip-go/faceclip-go/internal/pyjson"
)

const (
	maxIndex    = 32 << 20 // bytes of an index file; the largest known one has 0.2 MB
	maxFileName = 255      // bytes
)

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
	weights := map[string]string{}
	err = scan("index", pyjson.JSON(text), d.Ended, func(s *scanner, name string) error {
		if name == "weight_map" {
			return s.texts(weights)
		}
		return s.skip()
	})
	if err != nil {
		return nil, err
	}
	if len(weights) == 0 {
		return nil, errors.New("index has no weight_map, expected the shard of each tensor")
	}
	shards := map[string][]string{}
	for name, shard := range weights {
		if !shardIsNear(shard) {
			return nil, fmt.Errorf("tensor %.100q: shard %.100q, expected the name of a .safetensors file in the same folder", name, shard)
		}
		shards[shard] = append(shards[shard], name)
	}
	return shards, nil
}

// shardIsNear reports whether a shard is a file of the same folder. One elsewhere is no mistake that honest tools make; a name that
// no file system has would only make messages long.
func shardIsNear(name string) bool {
	return len(name) <= maxFileName && fs.ValidPath(name) && strings.HasSuffix(name, ".safetensors") &&
		!strings.ContainsAny(name, `/\:`) && !strings.Contains(name, "..") && !strings.ContainsFunc(name, unicode.IsControl)
}

// matchShard checks that a shard holds the tensors that the index lists for it, and no other.
func matchShard(found, listed []string) error {
	slices.Sort(listed)
	slices.Sort(found)
	for _, name := range listed {
		if _, ok := slices.BinarySearch(found, name); !ok {
			return fmt.Errorf("tensor %.100q is missing from the shard", name)
		}
	}
	for _, name := range found {
		if _, ok := slices.BinarySearch(listed, name); !ok {
			return fmt.Errorf("tensor %.100q of the shard is not in the index", name)
		}
	}
	return nil
}
