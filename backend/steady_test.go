package backend_test

import (
	"reflect"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/internal/steady"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// No operation takes memory of the heap, checks and results included.
func TestSteady(t *testing.T) {
	device, err := cpu.Open(2)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	s, err := backend.NewStream(device, backend.Types{Act: tensor.F32}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	all := operations(s)
	for name, run := range all {
		t.Run(name, func(t *testing.T) {
			steady.Check(t, func() {
				defer s.Release(s.Mark())
				run()
			})
		})
	}
	for kernel := range reflect.TypeFor[backend.Kernels]().Methods() {
		if all[kernel.Name] == nil {
			t.Errorf("%s is not among the operations", kernel.Name)
		}
	}
}

// operations returns a call of each operation, whose operands lie on s.
func operations(s *backend.Stream) map[string]func() {
	x, y, vector, image := s.New(2, 3, 8), s.New(2, 3, 8), s.New(8), s.New(2, 4, 5, 8)
	w, integers := s.NewOf(tensor.BF16, 5, 8), backend.Weight{Matrix: s.NewOf(tensor.I8, 5, 8), Scale: s.New(5)}
	filter, half := s.NewOf(tensor.F16, 8, 3, 3, 8), s.NewOf(tensor.F16, 2, 3)
	cos, sin, ids := s.New(3, 2), s.New(3, 2), s.PutIDs(make([]int32, 6), 2, 3)
	values, offsets, logits := s.New(1, 6, 4, 5), s.New(1, 6, 24), s.New(1, 6, 12)
	norm := backend.NormArgs{Gamma: vector, Beta: vector}
	groups := backend.NormArgs{Gamma: vector, Beta: vector, Groups: 4, Act: backend.SiLU}
	return map[string]func(){
		"Gemm":     func() { s.Gemm(none, x, backend.Weight{Matrix: w}, backend.GemmArgs{}) },
		"Gemm glu": func() { s.Gemm(none, x, backend.Weight{Matrix: w.Slice(0, 0, 4)}, backend.GemmArgs{Glu: true}) },
		"Gemm i8":  func() { s.Gemm(none, x, integers, backend.GemmArgs{Bias: integers.Scale, Compute: tensor.I8}) },
		"Conv2D": func() {
			s.Conv2D(none, image, backend.Weight{Matrix: filter}, backend.ConvArgs{Stride: 1, Pad: [4]int{1, 1, 1, 1}, Norm: groups})
		},
		"Attention": func() { s.Attention(none, x.Heads(2), x.Heads(2), x.Heads(2), backend.AttentionArgs{Causal: true}) },
		"DeformAttention": func() {
			s.DeformAttention(none, values, offsets, logits, backend.DeformArgs{Rows: 2, Cols: 3, Points: 3})
		},
		"LayerNorm":   func() { s.LayerNorm(none, x, norm) },
		"RMSNorm":     func() { s.RMSNorm(x, x, backend.NormArgs{Gamma: vector}) },
		"GroupNorm":   func() { s.GroupNorm(none, x, groups) },
		"Rope":        func() { s.Rope(x.Heads(2), cos, sin) },
		"Act":         func() { s.Act(none, x, backend.SiLU) },
		"Glu":         func() { s.Glu(none, x, y, backend.GELU) },
		"Add":         func() { s.Add(x, x, vector) },
		"Lincomb":     func() { s.Lincomb(none, 2, x, 3, y) },
		"Gather":      func() { s.Gather(none, w, ids) },
		"Copy":        func() { s.Copy(none, half) },
		"Activations": func() { s.Activations(half) },
		"New":         func() { s.New(2, 3, 4) },
		"views":       func() { s.Copy(none, x.Reshape(2, -1).Slice(1, 3, 9)) },
		"Put":         func() { s.Put([]float32{1, 2}, 1, 2) },
		"PutIDs":      func() { s.PutIDs([]int32{1, 2}, 2) },
		"Table":       func() { s.Table(func(dst []float32) { dst[0] = float32(x.Dim(0)) }, 2, 3) },
	}
}
