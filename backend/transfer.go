package backend

import (
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Put returns host values as a new tensor of activations.
func (s *Stream) Put(v []float32, dims ...int) Tensor { return s.PutFunc(copyOf(v, dims), dims...) }

// PutFunc is Put of the values that fill stores. It is not called where nothing is computed.
func (s *Stream) PutFunc(fill func(dst []float32), dims ...int) Tensor {
	if s.act == tensor.F32 {
		return s.Table(fill, dims...)
	}
	t := s.New(dims...)
	defer s.Release(s.Mark())
	return s.Copy(t, s.Table(fill, dims...))
}

// Table is PutFunc for what is F32 on every stream: angles, biases of scores, vectors.
func (s *Stream) Table(fill func(dst []float32), dims ...int) Tensor {
	return s.upload(tensor.F32, func(t Tensor) { fill(tensor.Float32s(t)) }, dims...)
}

// PutVector returns host values as a new F32 vector, such as norms and biases are.
func (s *Stream) PutVector(v []float32) Tensor { return s.Table(copyOf(v, []int{len(v)}), len(v)) }

// PutIDs returns host indices as a new I32 tensor.
func (s *Stream) PutIDs(v []int32, dims ...int) Tensor {
	return s.upload(tensor.I32, func(t Tensor) { copy(tensor.Int32s(t), v) }, dims...)
}

// copyOf returns a function that stores v, which has to have as many elements as dims say.
func copyOf(v []float32, dims []int) func(dst []float32) {
	tensor.FromFloat32s(v, dims...)
	return func(dst []float32) { copy(dst, v) }
}

// upload returns a new tensor with what fill stores.
func (s *Stream) upload(dt tensor.DType, fill func(Tensor), dims ...int) Tensor {
	t := s.NewOf(dt, dims...)
	c := s.begin("Upload")
	c.written("dst", t, dt)
	if c.runs() {
		s.b.Upload(t, func(b []byte) { fill(tensor.Make(tensor.HostMemory(b), 0, dt, dims...)) })
	}
	return t
}

// Floats returns the elements of t, of any floating-point type and any strides, as host values.
// Once the context of Do has ended they are undefined.
func (s *Stream) Floats(t Tensor) []float32 {
	defer s.Release(s.Mark())
	if t.DType() != tensor.F32 || !t.Compact() {
		t = s.Copy(s.NewOf(tensor.F32, t.Shape()...), t)
	}
	c := s.begin("Download")
	c.operand("src", t, tensor.F32)
	v := make([]float32, t.Len())
	if c.runs() {
		s.b.Download(tensor.Bytes(tensor.FromFloat32s(v, t.Len())), t)
	}
	return v
}
