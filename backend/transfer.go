package backend

import (
	"fmt"
	"slices"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// Put returns host values as a new tensor of activations.
func (s *Stream) Put(v []float32, dims ...int) Tensor {
	checkLen(len(v), dims)
	return s.PutFunc(func(dst []float32) { copy(dst, v) }, dims...)
}

// checkLen panics unless there are n elements.
func checkLen(n int, dims []int) {
	if t := tensor.Make(nil, 0, tensor.F32, dims...); t.Len() != n {
		panic(fmt.Sprintf("backend: %d values for %v", n, slices.Clone(dims)))
	}
}

// PutFunc is Put of the values that fill stores. It is not called where nothing is computed.
func (s *Stream) PutFunc(fill func(dst []float32), dims ...int) Tensor {
	if s.types.Act == tensor.F32 {
		return s.Table(fill, dims...)
	}
	t := s.New(dims...)
	defer s.Release(s.Mark())
	return s.Copy(t, s.Table(fill, dims...))
}

// Table is PutFunc for what is F32 on every stream: vectors, angles, biases of scores.
func (s *Stream) Table(fill func(dst []float32), dims ...int) Tensor {
	return s.upload(tensor.F32, func(t Tensor) { fill(tensor.Float32s(t)) }, dims...)
}

// PutIDs returns host indices as a new I32 tensor.
func (s *Stream) PutIDs(v []int32, dims ...int) Tensor {
	checkLen(len(v), dims)
	return s.IDs(func(dst []int32) { copy(dst, v) }, dims...)
}

// IDs is PutIDs of the indices that fill stores. It is not called where nothing is computed.
func (s *Stream) IDs(fill func(dst []int32), dims ...int) Tensor {
	return s.upload(tensor.I32, func(t Tensor) { fill(tensor.Int32s(t)) }, dims...)
}

// upload returns a new tensor with what fill stores in one of the host.
func (s *Stream) upload(dt tensor.DType, fill func(Tensor), dims ...int) Tensor {
	t := s.NewOf(dt, dims...)
	c := s.begin("Upload")
	c.written("dst", t, dt)
	if c.runs() {
		staged := s.b.Stage(t)
		fill(staged)
		s.b.Upload(t, staged)
	}
	return t
}

// Floats returns the elements of t, of any floating-point type and any strides, as host values. Once the context of Do has
// ended they are undefined; where operations are only measured there are none.
func (s *Stream) Floats(t Tensor) []float32 {
	var v []float32
	if s.cost == nil { // else there may be as many as an absurd request asks for
		v = make([]float32, t.Len())
	}
	s.FloatsInto(v, t)
	return v
}

// FloatsInto stores what [Stream.Floats] returns in v, which has as many elements as t.
func (s *Stream) FloatsInto(v []float32, t Tensor) {
	defer s.Release(s.Mark())
	if t.DType() != tensor.F32 || !t.Compact() {
		t = s.Copy(s.likeOf(tensor.F32, t), t)
	}
	c := s.begin("Download")
	c.operand("src", t, tensor.F32)
	c.require(s.cost != nil || len(v) == t.Len())
	if c.runs() {
		s.download(v, t.Reshape(t.Len()))
	}
}

// download copies the elements of a vector, in pieces, until the context of Do ends.
func (s *Stream) download(v []float32, t Tensor) {
	const piece = 1 << 22
	for lo := 0; lo < len(v) && !s.stop.Load(); lo += piece {
		hi := min(lo+piece, len(v))
		s.b.Download(tensor.Bytes(tensor.FromFloat32s(v[lo:hi], hi-lo)), t.Slice(0, lo, hi))
	}
}
