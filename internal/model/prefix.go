package model

import (
	"context"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// prefixes are what programs that train put before all names of a network.
var prefixes = []string{"module.", "_orig_mod.", "model.", "unet.", "transformer."}

// commonPrefixes returns what can be taken off all names: nothing, one of the prefixes, or several of them.
func commonPrefixes(names []string) []string {
	const most = 3
	found := []string{""}
	for len(found) <= most && len(names) > 0 {
		last := found[len(found)-1]
		i := slices.IndexFunc(prefixes, func(p string) bool {
			return !slices.ContainsFunc(names, func(name string) bool { return !strings.HasPrefix(name, last+p) })
		})
		if i < 0 {
			break
		}
		found = append(found, last+prefixes[i])
	}
	return found
}

// fitting returns c with such names that all of them fit the network; c itself if none do, or they do as they are.
func fitting(ctx context.Context, c Checkpoint, build func(nn.Params)) Checkpoint {
	common := commonPrefixes(c.Names())
	if len(common) == 1 {
		return c
	}
	for _, prefix := range common {
		named := stripped{c, prefix}
		if nn.NewParams(ctx, withoutNumbers{named}, nil).Build(build) == nil {
			return named
		}
	}
	return c
}

// A stripped checkpoint has names without the prefix that all have.
type stripped struct {
	Checkpoint
	prefix string
}

// Get returns a tensor.
func (s stripped) Get(name string) (tensor.Tensor, bool) { return s.Checkpoint.Get(s.prefix + name) }

// Foreign returns what a tensor is that cannot be read.
func (s stripped) Foreign(name string) string { return s.Checkpoint.Foreign(s.prefix + name) }

// Names returns the names of all tensors.
func (s stripped) Names() []string {
	names := slices.Clone(s.Checkpoint.Names())
	for i := range names {
		names[i] = names[i][len(s.prefix):]
	}
	return names
}

// Copy stores the elements of a tensor without memory in dst.
func (s stripped) Copy(ctx context.Context, dst []byte, name string) error {
	return copyTo(ctx, dst, s.Checkpoint, s.prefix+name)
}
