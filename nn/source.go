package nn

import (
	"bufio"
	"context"
	"encoding/json"
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

// A Namer is a Source with tensors that no [tensor.Tensor] can be. Get does not return them.
type Namer interface {
	// Foreign returns what such a tensor is, such as F64[2 3], and nothing for others.
	Foreign(name string) string
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
		name, list, _ := strings.Cut(lines.Text(), " ")
		var dims []uint32
		if err := json.Unmarshal([]byte(list), &dims); err != nil || name == "" || len(dims) > tensor.MaxRank {
			return nil, fmt.Errorf("nn: keys: %q: want a name and %d dimensions at most", lines.Text(), tensor.MaxRank)
		}
		shape := make([]int, len(dims))
		for i, d := range dims {
			shape[i] = int(d)
		}
		src[name] = tensor.Make(nil, 0, tensor.F32, shape...)
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
