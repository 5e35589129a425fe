package nn

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// Params is a position in a checkpoint, like a working directory in a file tree. Layers are made by naming them; what
// does not fit is collected and reported by Err.
type Params struct {
	root   *checkpoint
	prefix string
	block  int  // number of the block it is in, from 1; 0 is none
	int8   bool // linear layers may have int8 weights
	exact  bool // products of layers round no operands

	integers bool // layers may compute with integers
	unused   bool // layers are never run
}

// A checkpoint is what all positions in it share.
type checkpoint struct {
	ctx      context.Context
	src      Source
	b        backend.Backend
	chunk    *tensor.Memory // private memory, handed out from the front
	used     int
	private  int64 // bytes; all that are needed, even if they exceed the limit
	limit    int64 // of private
	copies   map[*tensor.Memory]bool
	spare    []byte // of a copy that was discarded
	asked    map[string]bool
	most     int     // to be asked for; 0: any number
	shapes   keys    // if set, what is asked for is noted there
	blocks   []Block // the first is what lies outside of blocks
	int8     bool    // make weights int8 where they may be
	integers bool    // make weights int8 of layers that may compute with integers
	exacts   []string
	int8s    []string
	ignored  []string
	err      KeyError
	fail     error // of the context or the device
}

// NewParams returns the root of src. What cannot be used as stored is put into memory of b, which must be addressable
// by the host. Once ctx ends nothing more is put there, and Err returns its error.
func NewParams(ctx context.Context, src Source, b backend.Backend) Params {
	return Params{root: &checkpoint{ctx: ctx, src: src, b: b, asked: map[string]bool{}, copies: map[*tensor.Memory]bool{}, blocks: make([]Block, 1), limit: math.MaxInt64}}
}

// At returns the position below p that the format names.
func (p Params) At(format string, args ...any) Params {
	p.prefix += fmt.Sprintf(format, args...) + "."
	return p
}

// surplus is how many tensors a network may have that its checkpoint lacks, until it is no use to look for more of them.
const surplus = 10_000

// enough is the panic of a constructor that Build ends.
type enough struct{}

// Build makes a network, and returns Err. It ends network early if the context ends, or if it asks for many more tensors than
// there are: numbers of a configuration, each of which is possible, may be absurd together.
func (p Params) Build(network func(Params)) (err error) {
	r := p.root
	r.most = len(r.src.Names()) + surplus
	defer func() {
		r.most = 0
		switch e := recover(); {
		case e == nil:
		case e != enough{}:
			panic(e)
		case r.ctx.Err() != nil:
			err = r.ctx.Err()
		default:
			err = fmt.Errorf("nn: checkpoint does not fit model: it has %d tensors, the model more than %d", len(r.src.Names()), len(r.asked)-1)
		}
	}()
	network(p)
	return p.Err()
}

// Limit makes Err return a *backend.MemoryError, with what they need, if layers need more than so many bytes of device memory
// beside the checkpoint itself. Beyond the limit nothing is put there.
func (p Params) Limit(bytes int64) { p.root.limit = bytes }

// NeverRun returns p for layers that a checkpoint may hold and that are never run: they are checked, but take no memory.
func (p Params) NeverRun() Params { p.unused = true; return p }

// Private returns the bytes of device memory that layers made so far needed beside the checkpoint itself.
func (p Params) Private() int64 { return p.root.private }

// Tensor returns the named tensor as stored; it must have the given dimensions.
func (p Params) Tensor(name string, dims ...int) Tensor {
	t := p.compact(p.get(name, tensor.DType.Float, dims...))
	p.keep(t)
	return p.supported(name, backend.Weight{Matrix: t}).Matrix
}

// ask notes that the network has a tensor of this name, and returns its name in the checkpoint.
func (p Params) ask(name string, dims []int) string {
	name = p.prefix + name
	p.root.asked[name] = true
	if p.root.most > 0 && (len(p.root.asked) > p.root.most || p.root.ctx.Err() != nil) {
		panic(enough{})
	}
	if p.root.shapes != nil {
		p.root.shapes[name] = tensor.Make(nil, 0, tensor.F32, dims...)
	}
	return name
}

// get returns the named tensor, which must have the given dimensions and an element type that serves. Rows of a matrix may
// be strided.
func (p Params) get(name string, serves func(tensor.DType) bool, dims ...int) Tensor {
	name = p.ask(name, dims)
	t, ok := p.root.src.Get(name)
	switch e := &p.root.err; {
	case !ok && p.unused:
	case !ok && p.root.foreign(name) != "":
		e.Mismatched = append(e.Mismatched, fmt.Sprintf("%s: model wants floating-point numbers %v, file has %s", name, dims, p.root.foreign(name)))
	case !ok:
		e.Missing = append(e.Missing, fmt.Sprintf("%s %v", name, dims))
	case !slices.Equal(t.Shape(), dims) && !pointwise(t, dims):
		e.Mismatched = append(e.Mismatched, fmt.Sprintf("%s: model wants %v, file has %v", name, dims, t.Shape()))
	case !serves(t.DType()):
		e.Mismatched = append(e.Mismatched, fmt.Sprintf("%s: model wants floating-point numbers, file has %v", name, t.DType()))
	case p.unused:
		return tensor.Make(nil, 0, t.DType(), dims...)
	case t.Rank() == 2 && len(dims) == 2:
		return p.copied(name, t)
	default:
		return p.compact(p.copied(name, t)).Reshape(dims...)
	}
	return tensor.Make(nil, 0, tensor.F32, dims...)
}

// foreign returns what a tensor is that the source cannot return.
func (c *checkpoint) foreign(name string) string {
	if src, ok := c.src.(Namer); ok {
		return src.Foreign(name)
	}
	return ""
}

// pointwise reports whether t is the 1×1 convolution [O, I, 1, 1] that equals the matrix wanted, or the reverse.
func pointwise(t Tensor, dims []int) bool {
	long, short := t.Shape(), dims
	if len(long) < len(short) {
		long, short = short, long
	}
	return len(long) == 4 && len(short) == 2 && slices.Equal(long, append(slices.Clone(short), 1, 1))
}

// Vector returns the named vector of n elements as F32.
func (p Params) Vector(name string, n int) Tensor { return p.own(p.numbers(name, n)) }

// numbers is Vector of what is not used itself.
func (p Params) numbers(name string, n int) Tensor {
	return p.float32s(p.get(name, tensor.DType.Float, n))
}

// Has reports whether the checkpoint holds the named tensor.
func (p Params) Has(name string) bool {
	_, ok := p.root.src.Get(p.prefix + name)
	return ok
}

// Unused declares a tensor that the checkpoint may hold and the network does not need.
func (p Params) Unused(name string, dims ...int) {
	name = p.ask(name, dims)
	if t, ok := p.root.src.Get(name); ok && !slices.Equal(t.Shape(), dims) {
		p.root.err.Mismatched = append(p.root.err.Mismatched, fmt.Sprintf("%s: model wants %v, file has %v", name, dims, t.Shape()))
	}
}

// Ignore declares that no tensor whose name starts with prefix is needed.
func (p Params) Ignore(prefix string) { p.root.ignored = append(p.root.ignored, p.prefix+prefix) }

// Err returns a *KeyError if a tensor was missing or did not fit, or if the checkpoint has a tensor that nothing asked
// for; or an error of the context or the device.
func (p Params) Err() error {
	r := p.root
	switch {
	case r.fail != nil:
		return r.fail
	case r.private > r.limit:
		return &backend.MemoryError{Need: r.private, Have: r.limit}
	}
	r.err.Unexpected = nil
	for _, name := range r.src.Names() {
		if !r.asked[name] && !slices.ContainsFunc(r.ignored, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			r.err.Unexpected = append(r.err.Unexpected, name)
		}
	}
	if e := &r.err; len(e.Missing)+len(e.Mismatched)+len(e.Unexpected) > 0 {
		return e
	}
	return nil
}

// A KeyError lists how a checkpoint differs from the network that was to be made from it.
type KeyError struct {
	Missing, Mismatched, Unexpected []string
}

// Error counts all differences and shows the first of each kind.
func (e *KeyError) Error() string {
	const shown = 5
	var b strings.Builder
	fmt.Fprintf(&b, "nn: checkpoint does not fit model: %d missing, %d mismatched, %d unexpected",
		len(e.Missing), len(e.Mismatched), len(e.Unexpected))
	for _, l := range []struct {
		kind string
		keys []string
	}{{"missing", e.Missing}, {"mismatched", e.Mismatched}, {"unexpected", e.Unexpected}} {
		for i, k := range l.keys {
			if i == shown {
				fmt.Fprintf(&b, "; and %d more %s", len(l.keys)-i, l.kind)
				break
			}
			fmt.Fprintf(&b, "; %s %s", l.kind, printable(k))
		}
	}
	return b.String()
}

// printable returns a text that has a name of a file in it, as it is if it is short and fit to be shown.
func printable(s string) string {
	if quoted := strconv.Quote(s); len(s) > 200 || quoted[1:len(quoted)-1] != s {
		return fmt.Sprintf("%.200q", s)
	}
	return s
}
