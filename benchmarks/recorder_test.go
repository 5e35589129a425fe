package benchmarks

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A product is a call of Gemm, Conv2D or Attention: the shapes of its operands, and options. Two that are equal take as long.
type product struct {
	op      string
	x, y, z [tensor.MaxRank]int // x and w; q, k and v
	act     backend.Act
	bias    bool
	add     bool
	causal  bool
	stride  int
	pad     [4]int
	enlarge [2]int
}

func (p product) String() string {
	dims := func(d [tensor.MaxRank]int) string {
		var words []string
		for _, n := range d {
			if n > 0 {
				words = append(words, fmt.Sprint(n))
			}
		}
		return strings.Join(words, "x")
	}
	name := p.op + "/x=" + dims(p.x) + ",w=" + dims(p.y)
	if p.op == "Attention" {
		name = p.op + "/q=" + dims(p.x) + ",k=" + dims(p.y) + ",v=" + dims(p.z)
	}
	if p.stride > 1 {
		name += fmt.Sprintf(",stride=%d", p.stride)
	}
	if p.pad != [4]int{} {
		name += fmt.Sprintf(",pad=%d", p.pad[0])
	}
	for _, option := range []struct {
		on   bool
		name string
	}{{p.act != backend.None, p.act.String()}, {p.bias, "bias"}, {p.add, "add"}, {p.causal, "causal"}, {p.enlarge != [2]int{}, "enlarge"}} {
		if option.on {
			name += "," + option.name
		}
	}
	return name
}

// A recorder is a device that computes nothing, and counts the products that it is given.
type recorder struct {
	backend.Backend // nil: all that a Stream calls is below
	products        map[product]int
}

func (r *recorder) Name() string                            { return "recorder" }
func (r *recorder) Supports(backend.Types) error            { return nil }
func (r *recorder) Reaches(tensor.Tensor) bool              { return true }
func (r *recorder) FusesNorm() bool                         { return false }
func (r *recorder) FusesGlu() bool                          { return false }
func (r *recorder) Alloc(bytes int) (*tensor.Memory, error) { return &tensor.Memory{Size: bytes}, nil }
func (r *recorder) Free(*tensor.Memory)                     {}
func (r *recorder) Stage(dst tensor.Tensor) tensor.Tensor {
	return tensor.Make(tensor.HostMemory(make([]byte, dst.Extent())), 0, dst.DType(), dst.Shape()...)
}
func (r *recorder) Upload(_, _ tensor.Tensor)                                                       {}
func (r *recorder) Download([]byte, tensor.Tensor)                                                  {}
func (r *recorder) Sync() error                                                                     { return nil }
func (r *recorder) StopOn(*atomic.Bool)                                                             {}
func (r *recorder) LayerNorm(_, _ tensor.Tensor, _ backend.NormArgs)                                {}
func (r *recorder) RMSNorm(_, _ tensor.Tensor, _ backend.NormArgs)                                  {}
func (r *recorder) GroupNorm(_, _ tensor.Tensor, _ backend.NormArgs)                                {}
func (r *recorder) Rope(_, _, _ tensor.Tensor)                                                      {}
func (r *recorder) Act(_, _ tensor.Tensor, _ backend.Act)                                           {}
func (r *recorder) Glu(_, _, _ tensor.Tensor, _ backend.Act)                                        {}
func (r *recorder) Add(_, _, _ tensor.Tensor)                                                       {}
func (r *recorder) Gather(_, _, _ tensor.Tensor)                                                    {}
func (r *recorder) Copy(_, _ tensor.Tensor)                                                         {}
func (r *recorder) Lincomb(_ tensor.Tensor, _ float32, _ tensor.Tensor, _ float32, _ tensor.Tensor) {}
func (r *recorder) DeformAttention(_, _, _, _ tensor.Tensor, _ backend.DeformArgs)                  {}

func (r *recorder) Gemm(_, x tensor.Tensor, w backend.Weight, a backend.GemmArgs) {
	rows := [tensor.MaxRank]int{x.Rows(), x.Dim(-1)}
	r.products[product{op: "Gemm", x: rows, y: dims(w.Matrix), act: a.Act, bias: !a.Bias.IsZero(), add: a.Add}]++
}

func (r *recorder) Conv2D(_, x tensor.Tensor, w backend.Weight, a backend.ConvArgs) {
	r.products[product{op: "Conv2D", x: dims(x), y: dims(w.Matrix), bias: !a.Bias.IsZero(), add: a.Add,
		stride: a.Stride, pad: a.Pad, enlarge: a.Upsample}]++
}

func (r *recorder) Attention(_, q, k, v tensor.Tensor, a backend.AttentionArgs) {
	r.products[product{op: "Attention", x: dims(q), y: dims(k), z: dims(v), bias: !a.Bias.IsZero(), causal: a.Causal}]++
}

func dims(t tensor.Tensor) (d [tensor.MaxRank]int) {
	copy(d[:], t.Shape())
	return d
}

// productsOf returns the products of a pass of a network of the published size, those first that take most operations together.
func productsOf(t testing.TB, n network) (all []product, calls map[product]int) {
	t.Helper()
	shapes, err := keys.Open(n.checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{products: map[product]int{}}
	forward := n.make(nn.NewParams(context.Background(), shapes, r))
	s, err := backend.NewStream(r, backend.Types{Act: tensor.BF16}, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Do(context.Background(), func() { forward(s) }); err != nil {
		t.Fatal(err)
	}
	for p := range r.products {
		all = append(all, p)
	}
	together := func(p product) float64 { return p.flops() * float64(r.products[p]) }
	slices.SortFunc(all, func(p, q product) int {
		return cmp.Or(cmp.Compare(together(q), together(p)), cmp.Compare(p.String(), q.String()))
	})
	return all, r.products
}
