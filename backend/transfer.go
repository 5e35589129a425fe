package backend

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// Put returns host values as a new tensor of activations.
func (s *Stream) Put(v []float32, dims ...int) Tensor {
	t := s.New(dims...)
	defer s.Release(s.Mark())
	src := tensor.FromFloat32s(v, dims...)
	if s.act == tensor.F32 {
		s.upload(t, src)
		return t
	}
	staged := s.NewOf(tensor.F32, dims...)
	s.upload(staged, src)
	return s.Copy(t, staged)
}

// PutLater is Put of what make returns, which is not called where nothing is computed.
func (s *Stream) PutLater(make func() []float32, dims ...int) Tensor {
	if _, ok := s.b.(*dry); ok {
		return s.New(dims...)
	}
	return s.Put(make(), dims...)
}

// PutVector returns host values as a new F32 vector, such as norms and biases are.
func (s *Stream) PutVector(v []float32) Tensor {
	t := s.NewOf(tensor.F32, len(v))
	s.upload(t, tensor.FromFloat32s(v, len(v)))
	return t
}

// PutIDs returns host indices as a new I32 tensor.
func (s *Stream) PutIDs(v []int32, dims ...int) Tensor {
	t := s.NewOf(tensor.I32, dims...)
	s.upload(t, tensor.FromInt32s(v, dims...))
	return t
}

func (s *Stream) upload(dst, src Tensor) {
	if s.enter("Upload", dst) {
		s.b.Upload(dst, tensor.Bytes(src))
	}
}

// Floats returns the elements of t, of any floating-point type and any strides, as host values.
// Once the context of Do has ended they are undefined.
func (s *Stream) Floats(t Tensor) []float32 {
	if !t.DType().Float() {
		panic(fmt.Sprintf("backend: Floats of %v", t))
	}
	defer s.Release(s.Mark())
	if t.DType() != tensor.F32 || !t.Compact() {
		t = s.Copy(s.NewOf(tensor.F32, t.Shape()...), t)
	}
	v := make([]float32, t.Len())
	if s.enter("Download", t) {
		s.b.Download(tensor.Bytes(tensor.FromFloat32s(v, t.Len())), t)
	}
	return v
}
