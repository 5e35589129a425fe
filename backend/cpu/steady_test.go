package cpu

import (
	"reflect"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/internal/steady"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// No kernel takes memory of the heap or makes a goroutine once it has run with operands of these sizes.
func TestSteady(t *testing.T) {
	b, all := opened(t, 2, simd.Variants()[0]), calls()
	for name, run := range all {
		t.Run(name, func(t *testing.T) { steady.Check(t, func() { run(b) }) })
	}
	for kernel := range reflect.TypeFor[backend.Kernels]().Methods() {
		if all[kernel.Name] == nil {
			t.Errorf("%s is not among the calls", kernel.Name)
		}
	}
}

// calls returns one of each kernel, and others that take another way. Several workers have something to do.
func calls() map[string]func(b *Backend) {
	r := random("calls")
	rows, other, result, vector := normal(r, 2, 300, 320), normal(r, 2, 300, 320), blank(2, 300, 320), normal(r, 320)
	few := blank(2, 2, 320)
	columns, half, scalar := rows.Slice(2, 0, 160), made(tensor.BF16, 2, 300, 320), normal(r, 1)
	halves, heads, attended := blank(2, 300, 160), rows.Heads(5), blank(2, 300, 320)
	image, drawn := normal(r, 2, 20, 20, 64), blank(2, 20, 20, 64)
	plain, integers := weights(r, tensor.BF16, 320, 320), backend.Weight{Matrix: made(tensor.I8, 320, 320), Scale: vector}
	filter := weights(r, tensor.F16, 64, 3, 3, 64)
	integerFilter := backend.Weight{Matrix: made(tensor.I8, 64, 3, 3, 64), Scale: vector.Slice(0, 0, 64)}
	cos, sin := normal(r, 300, 32), normal(r, 300, 32)
	table, ids, found := normal(r, 50, 320), tensor.FromInt32s(make([]int32, 600), 2, 300), blank(2, 300, 320)
	map4, offsets, logits, sampled := image.Reshape(2, 400, 4, 16), normal(r, 2, 400, 32), normal(r, 2, 400, 16), blank(2, 400, 64)
	norm := backend.NormArgs{Gamma: vector, Beta: vector, Eps: 1e-5}
	groups := backend.NormArgs{Gamma: vector.Slice(0, 0, 64), Groups: 8, Eps: 1e-5, Act: backend.SiLU}

	gemm := func(w backend.Weight, compute tensor.DType) func(*Backend) {
		args := backend.GemmArgs{Bias: vector, Gate: vector, Add: true, Act: backend.GELU, Compute: compute}
		return func(b *Backend) { b.Gemm(result, rows, w, args) }
	}
	conv := func(w backend.Weight, compute tensor.DType, n backend.NormArgs) func(*Backend) {
		args := backend.ConvArgs{Stride: 1, Pad: [4]int{1, 1, 1, 1}, Norm: n, Compute: compute}
		return func(b *Backend) { b.Conv2D(drawn, image, w, args) }
	}
	attention := func(compute tensor.DType) func(*Backend) {
		args := backend.AttentionArgs{Scale: 0.1, Causal: true, Compute: compute}
		return func(b *Backend) { b.Attention(attended, heads, heads, heads, args) }
	}
	return map[string]func(b *Backend){
		"Gemm":           gemm(plain, tensor.F32),
		"Gemm glu":       func(b *Backend) { b.Gemm(halves, rows, plain, backend.GemmArgs{Glu: true, Act: backend.GELU}) },
		"Gemm bf16":      gemm(plain, tensor.BF16),
		"Gemm i8":        gemm(integers, tensor.I8),
		"Gemm few":       func(b *Backend) { b.Gemm(few, rows.Slice(1, 0, 2), plain, backend.GemmArgs{Bias: vector}) },
		"Conv2D":         conv(filter, tensor.F32, backend.NormArgs{}),
		"Conv2D normed":  conv(filter, tensor.BF16, groups),
		"Conv2D i8":      conv(integerFilter, tensor.I8, groups),
		"Attention":      attention(tensor.F32),
		"Attention bf16": attention(tensor.BF16),
		"DeformAttention": func(b *Backend) {
			b.DeformAttention(sampled, map4, offsets, logits, backend.DeformArgs{Rows: 20, Cols: 20, Points: 4})
		},
		"LayerNorm":      func(b *Backend) { b.LayerNorm(result, rows, norm) },
		"RMSNorm":        func(b *Backend) { b.RMSNorm(result, rows, backend.NormArgs{Gamma: vector}) },
		"GroupNorm":      func(b *Backend) { b.GroupNorm(drawn, image, groups) },
		"Rope":           func(b *Backend) { b.Rope(found.Heads(5), cos, sin) },
		"Act":            func(b *Backend) { b.Act(result, rows, backend.GELUTanh) },
		"Glu":            func(b *Backend) { b.Glu(result, rows, other, backend.SiLU) },
		"Add":            func(b *Backend) { b.Add(result, rows, vector) },
		"Add number":     func(b *Backend) { b.Add(result, rows, scalar) },
		"Lincomb":        func(b *Backend) { b.Lincomb(result, 2, rows, -1, other) },
		"Gather":         func(b *Backend) { b.Gather(found, table, ids) },
		"Copy":           func(b *Backend) { b.Copy(result, rows) },
		"Copy columns":   func(b *Backend) { b.Copy(result.Slice(2, 0, 160), columns) },
		"Copy narrowing": func(b *Backend) { b.Copy(half, rows) },
		"Copy widening":  func(b *Backend) { b.Copy(result, half) },
	}
}
