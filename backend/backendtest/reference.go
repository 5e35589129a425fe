package backendtest

import (
	"fmt"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A reference computes in float64, one element after the other.
type reference struct {
	load  func(t Tensor) Tensor // replaced by self-tests
	store func(t, v Tensor)
	exact bool // round no operands; for self-tests
}

// Reference returns the specification as a backend on the host: results are those of float64, rounded once.
func Reference() backend.Backend { return &reference{load: load, store: store} }

func (r *reference) Name() string                    { return "reference" }
func (r *reference) Reaches(t Tensor) bool           { return t.OnHost() }
func (r *reference) FusesNorm() bool                 { return true }
func (r *reference) FusesGlu() bool                  { return true }
func (r *reference) Free(m *tensor.Memory)           { m.Drop() }
func (r *reference) Stage(dst Tensor) Tensor         { return dst }
func (r *reference) Upload(_, _ Tensor)              {}
func (r *reference) Download(dst []byte, src Tensor) { copy(dst, tensor.Bytes(src)) }
func (r *reference) Sync() error                     { return nil }
func (r *reference) StopOn(*atomic.Bool)             {}
func (r *reference) Scratch() int                    { return 0 }
func (r *reference) Close() error                    { return nil }

// Supports returns an error unless activations are floating-point numbers. All kinds of weights are read.
func (r *reference) Supports(t backend.Types) error {
	if t.Act != 0 && !t.Act.Float() {
		return fmt.Errorf("backendtest: activations of %v are not supported", t.Act)
	}
	return nil
}

// Alloc returns memory that is aligned for every element type.
func (r *reference) Alloc(bytes int) (*tensor.Memory, error) {
	words := make([]float32, (bytes+3)/4)
	return tensor.HostMemory(tensor.Bytes(tensor.FromFloat32s(words, len(words)))[:bytes]), nil
}

// AllocHost is Alloc.
func (r *reference) AllocHost(bytes int) (*tensor.Memory, error) { return r.Alloc(bytes) }

// multiply is run for a product that rounds operands to a type.
func (r *reference) multiply(dst Tensor, compute tensor.DType, kernel func(s *spec, old Tensor)) {
	r.run(dst, func(s *spec, old Tensor) {
		if !r.exact {
			s.compute = compute
		}
		kernel(s, old)
	})
}

// run writes to dst what kernel, given the specification and the content of dst, computes.
func (r *reference) run(dst Tensor, kernel func(s *spec, old Tensor)) {
	s := spec{act: dst.DType()}
	kernel(&s, r.load(dst))
	y := make([]float32, dst.Len())
	for i := range y {
		v, _ := s.at(i)
		y[i] = float32(v)
	}
	r.store(dst, tensor.FromFloat32s(y, dst.Shape()...))
}

func (r *reference) norm(a backend.NormArgs) backend.NormArgs {
	a.Gamma, a.Beta = r.load(a.Gamma), r.load(a.Beta)
	return a
}

func (r *reference) weight(w backend.Weight) backend.Weight {
	return backend.Weight{Matrix: r.load(w.Matrix), Scale: r.load(w.Scale)}
}

func (r *reference) Gemm(dst, x Tensor, w backend.Weight, a backend.GemmArgs) {
	a.Bias, a.Gate = r.load(a.Bias), r.load(a.Gate)
	r.multiply(dst, a.Compute, func(s *spec, old Tensor) { s.Gemm(old, r.load(x), r.weight(w), a) })
}

func (r *reference) Conv2D(dst, x Tensor, w backend.Weight, a backend.ConvArgs) {
	a.Bias, a.Norm = r.load(a.Bias), r.norm(a.Norm)
	r.multiply(dst, a.Compute, func(s *spec, old Tensor) { s.Conv2D(old, r.load(x), r.weight(w), a) })
}

func (r *reference) Attention(dst, q, k, v Tensor, a backend.AttentionArgs) {
	a.Bias = r.load(a.Bias)
	r.multiply(dst, a.Compute, func(s *spec, old Tensor) { s.Attention(old, r.load(q), r.load(k), r.load(v), a) })
}

func (r *reference) DeformAttention(dst, v, offsets, logits Tensor, a backend.DeformArgs) {
	r.run(dst, func(s *spec, old Tensor) { s.DeformAttention(old, r.load(v), r.load(offsets), r.load(logits), a) })
}

func (r *reference) LayerNorm(dst, x Tensor, a backend.NormArgs) {
	r.run(dst, func(s *spec, old Tensor) { s.LayerNorm(old, r.load(x), r.norm(a)) })
}

func (r *reference) RMSNorm(dst, x Tensor, a backend.NormArgs) {
	r.run(dst, func(s *spec, old Tensor) { s.RMSNorm(old, r.load(x), r.norm(a)) })
}

func (r *reference) GroupNorm(dst, x Tensor, a backend.NormArgs) {
	r.run(dst, func(s *spec, old Tensor) { s.GroupNorm(old, r.load(x), r.norm(a)) })
}

func (r *reference) Rope(x, cos, sin Tensor) {
	r.run(x, func(s *spec, old Tensor) { s.Rope(old, r.load(cos), r.load(sin)) })
}

func (r *reference) Act(dst, x Tensor, f backend.Act) {
	r.run(dst, func(s *spec, old Tensor) { s.Act(old, r.load(x), f) })
}

func (r *reference) Glu(dst, a, b Tensor, f backend.Act) {
	r.run(dst, func(s *spec, old Tensor) { s.Glu(old, r.load(a), r.load(b), f) })
}

func (r *reference) Add(dst, a, b Tensor) {
	r.run(dst, func(s *spec, old Tensor) { s.Add(old, r.load(a), r.load(b)) })
}

func (r *reference) Lincomb(dst Tensor, alpha float32, a Tensor, beta float32, b Tensor) {
	r.run(dst, func(s *spec, old Tensor) { s.Lincomb(old, alpha, r.load(a), beta, r.load(b)) })
}

func (r *reference) Gather(dst, table, ids Tensor) {
	r.run(dst, func(s *spec, old Tensor) { s.Gather(old, r.load(table), r.load(ids)) })
}

func (r *reference) Copy(dst, src Tensor) {
	r.run(dst, func(s *spec, old Tensor) { s.Copy(old, r.load(src)) })
}
