package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestManyChunks multiplies in chunks of few rows and in strips of few pixels: results are the bits that one makes of all.
func TestManyChunks(t *testing.T) {
	r := random("chunks")
	x, bias, gate, image := normal(r, 3, 37, 300), normal(r, 3, 70), normal(r, 3, 70), normal(r, 3, 19, 13, 24)
	for _, k := range simd.Variants() {
		b := opened(t, 3, k)
		all := b.packed
		for _, compute := range []tensor.DType{tensor.F32, tensor.BF16, tensor.I8} {
			w, kernel := weightsOf(r, compute, 70, 300), weightsOf(r, compute, 40, 3, 3, 24)
			products := map[string]func() tensor.Tensor{
				"gemm": func() tensor.Tensor {
					dst := normal(random("sums"), 3, 37, 70)
					b.Gemm(dst, x, w, backend.GemmArgs{Bias: bias, Gate: gate, Add: true, Compute: compute})
					return dst
				},
				"glu": func() tensor.Tensor {
					dst := blank(3, 37, 35)
					b.Gemm(dst, x, w, backend.GemmArgs{Glu: true, Bias: bias, Act: backend.GELU, Compute: compute})
					return dst
				},
				"conv": func() tensor.Tensor {
					dst := blank(3, 10, 7, 40)
					b.Conv2D(dst, image, kernel, backend.ConvArgs{Stride: 2, Pad: [4]int{1, 1, 1, 1}, Compute: compute})
					return dst
				},
				"upsampled": func() tensor.Tensor {
					dst := blank(3, 37, 26, 40)
					b.Conv2D(dst, image, kernel, backend.ConvArgs{Stride: 1, Pad: [4]int{1, 1, 1, 1}, Upsample: [2]int{37, 26}, Compute: compute})
					return dst
				},
			}
			for name, product := range products {
				b.packed = all
				want := tensor.Float32s(product())
				for _, words := range []int{1000, 7000, 40_000} {
					b.packed = all[:words:words]
					if i := firstDifference(tensor.Float32s(product()), want); i >= 0 {
						t.Fatalf("%s, %v, %s in %d words: element %d differs", k.Name, compute, name, words, i)
					}
				}
			}
		}
	}
}

// weightsOf returns weights that products of a type multiply.
func weightsOf(r *rand.Rand, compute tensor.DType, dims ...int) backend.Weight {
	if compute != tensor.I8 {
		return weights(r, tensor.F16, dims...)
	}
	w := integers(0, dims...)
	for i := range tensor.Bytes(w.Matrix) {
		tensor.Bytes(w.Matrix)[i] = byte(r.Uint32())
	}
	return w
}

// TestPackedFits makes chunks of rows and strips of images of many shapes: what is packed of them fits into the workspace of all workers.
func TestPackedFits(t *testing.T) {
	b := &Backend{pool: &pool{workers: 3}, packed: make([]float32, packedWords)}
	for _, p := range []simd.Product{{Group: 1, MR: 14}, {Group: 2, MR: 6}, {Group: 4, MR: 14}} {
		for _, k := range []int{0, 1, 77, 1280, 15360, 1 << 17, backend.MaxTerms} {
			for _, m := range []int{1, 15, 4096, 1 << 20} {
				g := gemm{b: b, p: &p, m: m, k: k, steps: stepsOf(&p, k, even(k, gemmDepth*p.Group, 8*p.Group))}
				if rows := g.chunk(); rows < 1 || rows*(g.words()+1) > packedWords {
					t.Fatalf("%d of %d rows of %d numbers, %d in a word", rows, m, k, p.Group)
				}
			}
		}
		for _, in := range []int{1, 3, 320, 2560, backend.MaxTerms / 9} {
			for _, size := range [][3]int{{1, 1, 1}, {2, 16, 16}, {5, 33, 7}, {1, 4096, 4096}, {2, 1, 100_000}} {
				for _, stride := range []int{1, 2} {
					c := conv{b: b, p: &p, dst: tensor.Make(nil, 0, tensor.F32, size[0], size[1], size[2], 1), args: backend.ConvArgs{Stride: stride}, kh: 3, kw: 3}
					c.steps = stepsOf(&p, in, even(in, convDepth*p.Group, 8*p.Group))
					items, rows, cols := c.stripSize()
					seen := items * ((rows-1)*stride + 3) * ((cols-1)*stride + 3)
					if min(items, rows, cols) < 1 || seen*c.words() > packedWords {
						t.Fatalf("%d, %d×%d of %v with %d channels, %d in a word", items, rows, cols, size, in, p.Group)
					}
				}
			}
		}
	}
}
