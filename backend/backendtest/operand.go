package backendtest

import (
	"math"
	"math/rand/v2"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// An operand is a tensor of a case: its shape, its values and how it lies in memory. The zero operand is absent.
type operand struct {
	dims     []int
	dtype    tensor.DType
	act      bool           // is an activation: dtype is that of the stream
	types    []tensor.DType // that would do as well
	optional bool           // may be left out
	fill     fill           // nil: undefined, a dst that is only written
	view     view
}

// A fill makes the next value of an operand.
type fill func(r *rand.Rand) float32

func uniform(r *rand.Rand) float32 { return 2*r.Float32() - 1 }

func normal(mean, std float32) fill {
	return func(r *rand.Rand) float32 { return mean + std*float32(r.NormFloat64()) }
}

// codes are all of I8, its ends and 0 more often.
func codes(r *rand.Rand) float32 {
	if r.IntN(4) == 0 {
		return oneOf(-128, -127, 0, 127)(r)
	}
	return float32(r.IntN(256) - 128)
}

// scales bring codes into [-1, 1]. Some are 0, as for a row of zeros.
func scales(r *rand.Rand) float32 {
	if r.IntN(16) == 0 {
		return 0
	}
	return uniform(r) / 128
}

func constant(c float32) fill { return func(*rand.Rand) float32 { return c } }

// oneOf chooses among values.
func oneOf(values ...float32) fill {
	return func(r *rand.Rand) float32 { return values[r.IntN(len(values))] }
}

// rarely is usual but for one value in a hundred.
func rarely(value float32, usual fill) fill {
	return func(r *rand.Rand) float32 {
		if r.IntN(100) == 0 {
			return value
		}
		return usual(r)
	}
}

// masked is a bias for n keys that hides a third of them, and the first ones altogether.
func masked(n, first int) fill {
	key := -1
	return func(r *rand.Rand) float32 {
		if key = (key + 1) % n; key < first || r.IntN(3) == 0 {
			return float32(math.Inf(-1))
		}
		return 3 * float32(r.NormFloat64())
	}
}

// in is an activation with random values.
func in(dims ...int) operand {
	return operand{dims: dims, dtype: tensor.F32, act: true, fill: uniform}
}

// out is an activation that is only written.
func out(dims ...int) operand { return operand{dims: dims, dtype: tensor.F32, act: true} }

// fixed is an F32 operand, whatever the activations are.
func fixed(dims ...int) operand { return operand{dims: dims, dtype: tensor.F32, fill: uniform} }

// indices are I32, below n.
func indices(n int, dims ...int) operand {
	return operand{dims: dims, dtype: tensor.I32, fill: func(r *rand.Rand) float32 { return float32(r.IntN(n)) }}
}

// as is o with another element type, which the stream's does not change.
func (o operand) as(dt tensor.DType) operand { o.dtype, o.act = dt, false; return o }

// stored is o as weights of a type that every kernel reads.
func (o operand) stored(dt tensor.DType) operand { o.types = floats; return o.as(dt) }

func (o operand) orNone() operand       { o.optional = true; return o }
func (o operand) with(f fill) operand   { o.fill = f; return o }
func (o operand) viewed(v view) operand { o.view = v; return o }
func (o operand) absent() bool          { return o.dims == nil }

// values returns the elements as a compact host tensor: I32 for indices, else F32, with values that o.dtype can hold.
func (o operand) values(r *rand.Rand) Tensor {
	if o.absent() {
		return Tensor{}
	}
	n := tensor.Make(nil, 0, o.dtype, o.dims...).Len()
	if o.dtype == tensor.I32 {
		ids := make([]int32, n)
		for i := range ids {
			ids[i] = int32(o.fill(r))
		}
		return tensor.FromInt32s(ids, o.dims...)
	}
	v := make([]float32, n)
	if o.fill != nil {
		for i := range v {
			v[i] = round(o.fill(r), o.dtype)
		}
	}
	return tensor.FromFloat32s(v, o.dims...)
}

// round returns the value of type dt that is nearest to f.
func round(f float32, dt tensor.DType) float32 {
	if dt == tensor.F32 {
		return f
	}
	return decode(encode(nil, f, dt), dt)
}

// A view says how many elements of a larger tensor lie before and after an operand along each axis.
type view struct {
	name string
	pad  [tensor.MaxRank][2]int
}

// label describes the view of the operand called operand.
func (v view) label(operand string) string {
	if v.name == "" {
		return ""
	}
	return operand + "." + v.name
}

// compact leaves no gaps.
func compact(int) view { return view{} }

// columns is a range of columns that begins at an odd one.
func columns(rank int) view {
	v := view{name: "columns"}
	v.pad[rank-1] = [2]int{3, 6}
	return v
}

// strided leaves gaps along every axis.
func strided(rank int) view {
	v := view{name: "strided"}
	for axis := range rank {
		v.pad[axis] = [2]int{axis, 2 + axis}
	}
	return v
}

// third is part i of three fused projections, for [B, L, H, D] or [B, L, H·D]: axis 2 is three times as long.
func third(i, size int) view {
	v := view{name: "third"}
	v.pad[2] = [2]int{i * size, (2 - i) * size}
	return v
}

// parent returns the shape of the tensor that o is a view of.
func (o operand) parent() []int {
	dims := make([]int, len(o.dims))
	for axis, n := range o.dims {
		dims[axis] = o.view.pad[axis][0] + n + o.view.pad[axis][1]
	}
	return dims
}

// place returns o at byte offset off of m, and the offset where its parent ends.
func (o operand) place(m *tensor.Memory, off int) (t Tensor, end int) {
	t = tensor.Make(m, off, o.dtype, o.parent()...)
	end = off + t.Extent()
	for axis, n := range o.dims {
		lo := o.view.pad[axis][0]
		t = t.Slice(axis, lo, lo+n)
	}
	return t, end
}
