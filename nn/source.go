package nn

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Source holds named tensors. A tensor without memory stands for its shape only.
type Source interface {
	Get(name string) (tensor.Tensor, bool)
	Names() []string
}

// A Copier is a Source with tensors that come without memory because they have to be copied to be read.
type Copier interface {
	// Copy stores the elements of such a tensor in dst, in order.
	Copy(ctx context.Context, dst []byte, name string) error
}

// An Evicter is a Source that can give back the pages of a tensor that will not be read again.
type Evicter interface {
	Evict(t tensor.Tensor)
}

// Keys reads a list of tensors without data, one a line, such as conv_in.weight [320, 4, 3, 3].
// It checks a constructor against a checkpoint that is not there.
func Keys(r io.Reader) (Source, error) {
	src := keys{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, t, err := parseKey(lines.Text())
		if err != nil {
			return nil, err
		}
		src[name] = t
	}
	return src, nil
}

// Shapes returns what build asks a checkpoint for, what it does not need included, as F32 without data: the checkpoint that
// fits the network.
func Shapes(build func(Params)) Source {
	p := NewParams(context.Background(), keys{}, nil)
	p.root.shapes = keys{}
	build(p)
	return p.root.shapes
}

type keys map[string]tensor.Tensor

func (k keys) Get(name string) (tensor.Tensor, bool) { t, ok := k[name]; return t, ok }

func (k keys) Names() []string { return slices.Sorted(maps.Keys(k)) }

func parseKey(line string) (string, tensor.Tensor, error) {
	fields := strings.Fields(strings.NewReplacer("[", " ", "]", " ", ",", " ").Replace(line))
	if len(fields) == 0 {
		return "", tensor.Tensor{}, fmt.Errorf("nn: keys: empty line")
	}
	var dims []int
	for _, f := range fields[1:] {
		var d int
		if _, err := fmt.Sscan(f, &d); err != nil || d < 0 {
			return "", tensor.Tensor{}, fmt.Errorf("nn: keys: %q: %q is not a dimension", line, f)
		}
		dims = append(dims, d)
	}
	if len(dims) > tensor.MaxRank {
		return "", tensor.Tensor{}, fmt.Errorf("nn: keys: %q: more than %d dimensions", line, tensor.MaxRank)
	}
	return fields[0], tensor.Make(nil, 0, tensor.F32, dims...), nil
}
