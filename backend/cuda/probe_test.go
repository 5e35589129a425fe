package cuda

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A probe is one operation on a shape that a certain kernel computes.
type probe struct {
	kernel          string
	multiprocessors int // of the backend, if it is not 0
	act             tensor.DType
	operands        []lying // the first is dst
	call            func(s *backend.Stream, t []Tensor)
}

// A lying is an operand of random numbers up to size, with gap columns behind each of its rows.
type lying struct {
	dtype tensor.DType
	gap   int
	size  float32
	dims  []int
}

func compact(dt tensor.DType, dims ...int) lying { return lying{dt, 0, 1, dims} }
func f32(dims ...int) lying                      { return compact(tensor.F32, dims...) }
func scales(n int) lying                         { return lying{tensor.F32, 0, 1.0 / 512, []int{n}} }
func bf16(dims ...int) lying                     { return lying{tensor.BF16, gap(dims), 1, dims} }
func i8(dims ...int) lying                       { return lying{tensor.I8, gap(dims), 1, dims} }

// gap returns how many columns bring rows to the next multiple of 8, and 8 more.
func gap(dims []int) int { return 8 + -dims[len(dims)-1]&7 }

// compute returns all of dst after the operation on b, gaps included. Every operand is an allocation of its own, so that accesses
// beyond it are found.
func (p probe) compute(b backend.Backend) ([]float32, error) {
	r := rand.New(rand.NewPCG(1, 2))
	var whole, parts []Tensor
	for i, o := range p.operands {
		gap := float32(math.NaN())
		if i == 0 {
			gap = 0.125 // that NaN is written there has to show
		}
		t, err := o.on(b, r, gap)
		if err != nil {
			return nil, err
		}
		whole, parts = append(whole, t), append(parts, t.Slice(-1, 0, o.dims[len(o.dims)-1]))
	}
	s, err := backend.NewStream(b, backend.Types{Act: p.act}, 0)
	if err != nil {
		return nil, err
	}
	p.call(s, parts)
	if err := b.Sync(); err != nil {
		return nil, err
	}
	dst := make([]byte, whole[0].Len()*whole[0].DType().Size())
	b.Download(dst, whole[0])
	if err := b.Sync(); err != nil {
		return nil, err
	}
	return decoded(dst, whole[0].DType()), nil
}

// on returns the operand with its gaps, in memory of b, with random values.
func (o lying) on(b backend.Backend, r *rand.Rand, gap float32) (Tensor, error) {
	dims := append([]int(nil), o.dims...)
	columns := &dims[len(dims)-1]
	*columns += o.gap
	var all []byte
	for i := range tensor.Make(nil, 0, o.dtype, dims...).Len() {
		x := o.size * (2*r.Float32() - 1)
		if i%*columns >= *columns-o.gap {
			x = gap
		}
		switch o.dtype {
		case tensor.F32:
			all = binary.NativeEndian.AppendUint32(all, math.Float32bits(x))
		case tensor.BF16:
			all = binary.NativeEndian.AppendUint16(all, tensor.ToBF16(x))
		case tensor.I8:
			all = append(all, byte(r.IntN(256)))
		}
	}
	m, err := b.Alloc(len(all))
	if err != nil {
		return Tensor{}, err
	}
	t := tensor.Make(m, 0, o.dtype, dims...)
	upload(b, t, func(dst []byte) { copy(dst, all) })
	return t, nil
}

func decoded(b []byte, dt tensor.DType) (v []float32) {
	for ; len(b) > 0; b = b[dt.Size():] {
		if dt == tensor.F32 {
			v = append(v, math.Float32frombits(binary.NativeEndian.Uint32(b)))
		} else {
			v = append(v, tensor.FromBF16(binary.NativeEndian.Uint16(b)))
		}
	}
	return v
}

// compare returns an error if numbers differ by more than the type of activations explains.
func (p probe) compare(got, want []float32) error {
	square := 0.0
	for _, x := range want {
		square += float64(x) * float64(x) / float64(len(want))
	}
	near := map[tensor.DType]float64{tensor.F32: 0x1p-18, tensor.BF16: 0x1p-7}[p.act]
	for i, y := range want {
		err := math.Abs(float64(got[i]) - float64(y))
		if !(err <= near*(math.Abs(float64(y))+math.Sqrt(square))) {
			return fmt.Errorf("number %d is %g, want %g", i, got[i], y)
		}
	}
	return nil
}

// probes are small operations, with parts of tiles at every end.
func probes() []probe {
	return []probe{
		{"gemm_small_bf16", 0, tensor.BF16, []lying{bf16(2, 35, 72), bf16(2, 35, 100), bf16(72, 100), f32(2, 72), f32(2, 72)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.GemmArgs{Bias: t[3], Add: true, Gate: t[4]})
			}},
		{"gemm_flat_i8_bf16", 0, tensor.BF16, []lying{bf16(9, 130), bf16(9, 136), i8(130, 136), scales(130), f32(130)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2], Scale: t[3]}, backend.GemmArgs{Bias: t[4], Act: backend.GELUTanh})
			}},
		{"gemm_small_f32", 0, tensor.F32, []lying{f32(2, 19, 35), f32(2, 19, 40), f32(35, 40), f32(2, 35)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.GemmArgs{Bias: t[3], Act: backend.GELU})
			}},
		{"gemv_i8_bf16", 0, tensor.BF16, []lying{bf16(3, 9), bf16(3, 300), i8(9, 300), scales(9), f32(9)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2], Scale: t[3]}, backend.GemmArgs{Bias: t[4], Act: backend.SiLU})
			}},
		{"conv_small_bf16", 0, tensor.BF16, []lying{bf16(2, 5, 8, 12), bf16(2, 9, 15, 16), compact(tensor.BF16, 12, 3, 3, 16), f32(2, 12)},
			func(s *backend.Stream, t []Tensor) {
				s.Conv2D(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.ConvArgs{Bias: t[3], Stride: 2, Pad: [4]int{1, 1, 1, 1}})
			}},
		{"attention_small64_bf16", 0, tensor.BF16, []lying{bf16(1, 70, 72), bf16(1, 70, 2, 40), bf16(1, 100, 2, 40), bf16(1, 100, 2, 36), f32(2, 70, 100)},
			func(s *backend.Stream, t []Tensor) {
				s.Attention(t[0], t[1], t[2], t[3], backend.AttentionArgs{Scale: 0.4, Bias: t[4]})
			}},
		{"attention_plain_f32", 0, tensor.F32, []lying{f32(1, 20, 2*37), f32(1, 20, 2, 40), f32(1, 70, 2, 40), f32(1, 70, 2, 37)},
			func(s *backend.Stream, t []Tensor) {
				s.Attention(t[0], t[1], t[2], t[3], backend.AttentionArgs{Scale: 0.4, Causal: true})
			}},
		{"layernorm_bf16", 0, tensor.BF16, []lying{bf16(3, 1100), bf16(3, 1100), f32(1100), f32(1100)},
			func(s *backend.Stream, t []Tensor) {
				s.LayerNorm(t[0], t[1], backend.NormArgs{Gamma: t[2], Beta: t[3], Eps: 1e-5})
			}},
		{"rope_bf16", 0, tensor.BF16, []lying{bf16(2, 5, 3, 12), f32(5, 6), f32(5, 6)},
			func(s *backend.Stream, t []Tensor) { s.Rope(t[0], t[1], t[2]) }},
		{"deform_f32", 0, tensor.F32, []lying{f32(2, 12, 18), f32(2, 12, 2, 9), f32(2, 12, 12), f32(2, 12, 6)},
			func(s *backend.Stream, t []Tensor) {
				s.DeformAttention(t[0], t[1], t[2], t[3], backend.DeformArgs{Rows: 3, Cols: 4, Points: 3})
			}},
		{"gemm_large_bf16", 1, tensor.BF16, []lying{bf16(120, 250), bf16(120, 200), bf16(250, 200), f32(250)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.GemmArgs{Bias: t[3], Act: backend.QuickGELU})
			}},
		{"gemm_medium_bf16", 1, tensor.BF16, []lying{bf16(125, 190), bf16(125, 200), bf16(190, 200), f32(190)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.GemmArgs{Bias: t[3], Add: true})
			}},
		{"gemm_medium_i8_bf16", 1, tensor.BF16, []lying{bf16(125, 190), bf16(125, 200), i8(190, 200), scales(190)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2], Scale: t[3]}, backend.GemmArgs{})
			}},
		{"gemm_large_i8_bf16", 1, tensor.BF16, []lying{bf16(120, 250), bf16(120, 200), i8(250, 200), scales(250)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2], Scale: t[3]}, backend.GemmArgs{})
			}},
		{"gemm_large_f32", 1, tensor.F32, []lying{f32(130, 136), f32(130, 40), f32(136, 40), f32(136)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.GemmArgs{Bias: t[3], Act: backend.ReLU6})
			}},
		{"gemm_large_i8_f32", 1, tensor.F32, []lying{f32(130, 136), f32(130, 40), i8(136, 40), f32(136)},
			func(s *backend.Stream, t []Tensor) {
				s.Gemm(t[0], t[1], backend.Weight{Matrix: t[2], Scale: t[3]}, backend.GemmArgs{})
			}},
		{"conv_large_bf16", 1, tensor.BF16, []lying{bf16(1, 9, 13, 250), bf16(1, 5, 7, 24), compact(tensor.BF16, 250, 3, 3, 24), f32(250)},
			func(s *backend.Stream, t []Tensor) {
				s.Conv2D(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.ConvArgs{Bias: t[3], Stride: 1, Pad: [4]int{1, 1, 1, 1}, Upsample: [2]int{9, 13}})
			}},
		{"conv_medium_bf16", 1, tensor.BF16, []lying{bf16(1, 9, 14, 190), bf16(1, 9, 14, 24), compact(tensor.BF16, 190, 3, 3, 24), f32(190)},
			func(s *backend.Stream, t []Tensor) {
				s.Conv2D(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.ConvArgs{Bias: t[3], Stride: 1, Pad: [4]int{1, 1, 1, 1}})
			}},
		{"conv_tall_bf16", 1, tensor.BF16, []lying{bf16(1, 13, 11, 3), bf16(1, 13, 11, 40), compact(tensor.BF16, 3, 3, 3, 40), f32(3)},
			func(s *backend.Stream, t []Tensor) {
				s.Conv2D(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.ConvArgs{Bias: t[3], Stride: 1, Pad: [4]int{1, 1, 1, 1}, Add: true})
			}},
		{"conv_large_f32", 1, tensor.F32, []lying{f32(1, 12, 11, 40), f32(1, 12, 11, 4), compact(tensor.F32, 40, 3, 3, 4), f32(40)},
			func(s *backend.Stream, t []Tensor) {
				s.Conv2D(t[0], t[1], backend.Weight{Matrix: t[2]}, backend.ConvArgs{Bias: t[3], Stride: 1, Pad: [4]int{1, 1, 1, 1}})
			}},
		{"attention_large64_bf16", 1, tensor.BF16, []lying{bf16(1, 150, 64), bf16(1, 150, 1, 64), bf16(1, 150, 1, 64), bf16(1, 150, 1, 64)},
			func(s *backend.Stream, t []Tensor) {
				s.Attention(t[0], t[1], t[2], t[3], backend.AttentionArgs{Scale: 0.4, Causal: true})
			}},
		{"attention_large128_bf16", 1, tensor.BF16, []lying{bf16(1, 140, 96), bf16(1, 140, 1, 96), bf16(1, 77, 1, 96), bf16(1, 77, 1, 96)},
			func(s *backend.Stream, t []Tensor) {
				s.Attention(t[0], t[1], t[2], t[3], backend.AttentionArgs{Scale: 0.4})
			}},
		{"attention_wide_bf16", 0, tensor.BF16, []lying{bf16(1, 70, 2*131), bf16(1, 70, 2, 129), bf16(1, 40, 2, 129), bf16(1, 40, 2, 131), f32(2, 70, 40)},
			func(s *backend.Stream, t []Tensor) {
				s.Attention(t[0], t[1], t[2], t[3], backend.AttentionArgs{Scale: 0.4, Bias: t[4], Causal: true})
			}},
		{"attention_small128_bf16", 0, tensor.BF16, []lying{bf16(1, 40, 128), bf16(1, 40, 1, 128), bf16(1, 77, 1, 128), bf16(1, 77, 1, 128)},
			func(s *backend.Stream, t []Tensor) {
				s.Attention(t[0], t[1], t[2], t[3], backend.AttentionArgs{Scale: 0.4})
			}},
	}
}
